/* SPDX-License-Identifier: GPL-3.0-or-later */
/* synth_words.c - the tables of synth_words.h: words and nothing else, which is why it is long. */
#include "data/synth_words.h"

#include <stddef.h>

static const char *const names[] = {
	"Ilse", "Tobin", "Renée", "Oskar", "Maribel", "Søren", "Wanda", "Casimir", "Zoë", "Anselm", "Priya",
	"Łucja", "Benedikt", "Noor", "Ángela", "Hedvig", "Rufus", "Yuna", "Thandi", "Piet", NULL
};

static const char *const places[] = {
	"Marrowgate", "Velm", "Kesterby", "Port Anlaug", "Dry Orchard", "Tallow Street", "Upper Brine",
	"Saint-Orsène", "Hollin", "Nine Weirs", "Quarry Bay", "Little Osmund", "the Ashen Coast", "Rookhaven",
	"Žabová", "Lantern Row", NULL
};

static const char *const makers[] = {
	"Kestrel & Vale", "Norrbo", "Tallow Works", "Osmund", "Paperkiln", "Brindle", "Hejmar", "Quill and Oar",
	"Fennimore", "Café Lumen", "Stillwater Goods", "Ondine", "Grey Heron", "Atelier Zuzu", NULL
};

static const char *const occasions[] = {
	"one bad winter", "a letter without a stamp", "the last ferry", "ten quiet years", "a wedding nobody wanted",
	"the great power cut", "a wrong number", "the flood", "a very long train ride", "the end of the fair", NULL
};

/* --- films ---------------------------------------------------------------------- */

static const struct synth_taste film_tastes[] = {
	{ "Crime", { "detective", "heist", "noir", "small-town" },
	  { "Bribed", "Rain-Soaked", "Crooked", "Sleepless", "Borrowed", "Unsigned", "Backroom", "Nickel" },
	  { "Alibi", "Locksmith", "Ledger", "Streetcar", "Payphone", "Witness", "Pawnshop", "Stakeout", "Confession",
	    "Getaway" },
	  { "a night-shift detective", "a retired safe-breaker", "an honest bookkeeper", "a tired public defender" },
	  { "follows a trail of forged receipts", "plans one last job and regrets it by noon",
	    "finds that the victim is still paying rent", "trusts the wrong brother" } },
	{ "Space", { "spaceship", "first contact", "robots", "future" },
	  { "Weightless", "Orbital", "Outbound", "Frozen", "Heliotrope", "Seventh", "Drifting", "Unmanned" },
	  { "Beacon", "Colony", "Airlock", "Perihelion", "Signal", "Cartographer", "Ringworks", "Freighter", "Moonlet",
	    "Antenna" },
	  { "a salvage pilot", "the last engineer on board", "a linguist woken too early", "a maintenance robot" },
	  { "answers a signal that was never sent", "must cross the dark side without a map",
	    "counts the air and comes up one breath short", "keeps a garden where nothing should grow" } },
	{ "Romance", { "love story", "letters", "summer", "second chance" },
	  { "Tender", "Windblown", "Sunday", "Postponed", "Apricot", "Unhurried", "Whispered", "Ribboned" },
	  { "Waltz", "Orchard", "Postcard", "Umbrella", "Engagement", "Balcony", "Rowboat", "Promise", "Dressmaker",
	    "Serenade" },
	  { "a widowed piano tuner", "a wedding photographer", "a shy ferryman", "a botanist on leave" },
	  { "falls for the person who answers the wrong letter", "agrees to one dance and stays all summer",
	    "meets an old love at the worst possible dinner", "learns to say it out loud" } },
	{ "Comedy", { "family", "mistaken identity", "road trip", "satire" },
	  { "Overbooked", "Ridiculous", "Double-Parked", "Unlicensed", "Clumsy", "Reluctant", "Lukewarm", "Spare" },
	  { "Caterers", "In-Laws", "Mayor", "Honeymoon", "Understudy", "Landlord", "Reunion", "Poodle", "Audit",
	    "Brass Band" },
	  { "a wedding caterer", "the least suitable mayor", "an unlucky understudy", "a family of amateur plumbers" },
	  { "wins a contest nobody entered", "has one weekend to hide forty guests",
	    "inherits a hotel and its only guest", "tells a small lie that needs a brass band" } },
	{ "Horror", { "haunted", "creature", "folk horror", "slow burn" },
	  { "Hollow", "Unburied", "Moth-Eaten", "Whispering", "Nailed", "Blackwater", "Thirteenth", "Rotting" },
	  { "Attic", "Scarecrow", "Cellar", "Lullaby", "Chapel", "Mirror", "Well", "Doll Maker", "Harvest", "Vigil" },
	  { "a young caretaker", "a family of four", "a skeptical priest", "the last choirboy" },
	  { "hears knocking from inside the wall", "buys a house that remembers its owners",
	    "breaks the one rule of the village", "should not have opened the well" } },
	{ "Adventure", { "treasure", "expedition", "jungle", "desert" },
	  { "Sunken", "Uncharted", "Golden", "Windward", "Emerald", "Forgotten", "Salt-Worn", "Ninth" },
	  { "Compass", "Caravan", "Idol", "Lagoon", "Galleon", "Pass", "Expedition", "Monsoon", "Rope Bridge", "Atlas" },
	  { "a disgraced cartographer", "a stubborn diver", "a mule driver", "a museum guard" },
	  { "chases a map that redraws itself", "crosses the pass a week too late",
	    "finds the treasure and wishes otherwise", "sails with a crew of strangers" } },
	{ "Animation", { "kids", "talking animals", "fairy tale", "musical" },
	  { "Tiny", "Polka-Dot", "Marmalade", "Moonlit", "Bouncing", "Woolly", "Brave Little", "Upside-Down" },
	  { "Hedgehog", "Teapot", "Cloud", "Lighthouse Mouse", "Snow Goose", "Kite", "Button", "Pumpkin", "Otter",
	    "Rainmaker" },
	  { "a hedgehog with stage fright", "the smallest cloud in the sky", "a teapot that cannot whistle",
	    "a lost gosling" },
	  { "sets out to bring back the summer", "learns that brave is something you do",
	    "teaches a whole forest to sing", "gets lost in the laundry and finds a kingdom" } },
	{ "Documentary", { "nature", "music history", "work", "portrait" },
	  { "Patient", "Unseen", "Handmade", "Vanishing", "Everyday", "Tidal", "Northern", "Common" },
	  { "Beekeepers", "Glaciers", "Typesetters", "Harbour", "Salt Makers", "Looms", "Choirs", "Wetlands",
	    "Night Market", "Instrument Makers" },
	  { "a beekeeper's daughter", "a bell founder", "a river pilot", "the last typesetter" },
	  { "lets a film crew in for one full year", "shows what the work does to the hands",
	    "keeps an old craft alive on weekends", "watches the ice retreat" } },
	{ "War", { "home front", "soldiers", "resistance", "based on diaries" },
	  { "Muddy", "Unbroken", "Occupied", "Crossed", "Iron", "Winter", "Silent-Gun", "Forward" },
	  { "Bridgehead", "Field Post", "Regiment", "Trench", "Courier", "Armistice", "Convoy", "Sapper", "Ration Book",
	    "Barricade" },
	  { "a field telegraphist", "a nurse at the railhead", "a brother in the wrong coat",
	    "a printer of forbidden leaflets" },
	  { "carries one message through three armies", "counts the days to an armistice",
	    "hides a stranger in the bakery", "comes home to a town that has moved on" } },
	{ "Western", { "frontier", "outlaws", "railroad", "revenge" },
	  { "Dusty", "Rawhide", "Sundown", "Copper", "Lonesome", "Dry-Creek", "One-Eyed", "Barbed" },
	  { "Ranch", "Marshal", "Stagecoach", "Canteen", "Gulch", "Homestead", "Saddlemaker", "Water Right", "Railhead",
	    "Drifter" },
	  { "a marshal without a badge", "a widow with forty acres", "a saddlemaker", "the youngest of an outlaw clan" },
	  { "stands alone against the railroad", "rides three days to return a horse",
	    "digs a well and finds a feud", "gives the town until sundown" } },
};

static const char *const film_titles[] = {
	"The %a %n", "The %a %n", "%a %n", "The %n of %P", "%N and the %n", "A %n for %N", "The %n and the %m",
	"%N's %a %n", "Last %n in %P", "Beneath the %a %n", "%n, %m", "Night of the %a %n", NULL
};
static const char *const film_foreign[] = {
	"雾港的修表匠", "盐路夜班车", "旧桥来信", "北坡的第七夜", "纸巷灯匠", "铜铃渡口", "雨季的抄写员", "石榴园账本",
	"L'Été des %n", "La Forêt d'Orsène", "Der %n von Köln-Süd", "El Último %n", "Señora %n", "Über den %n",
	"Żółty Tramwaj", "Mañana, %N", NULL
};
static const char *const film_texts[] = {
	"%W from %P %d.", "%N is %w who %d.", "After %y, %w %d.", "%W %d. Set in %P.", NULL
};

/* --- shop ------------------------------------------------------------------------ */

static const struct synth_taste shop_tastes[] = {
	{ "Kitchen", { "cooking", "steel", "dishwasher-safe", "gift" },
	  { "Enamel", "Cast-Iron", "Walnut", "Stackable", "Deep", "Copper", "Non-Stick", "Two-Handled" },
	  { "Saucepan", "Colander", "Bread Knife", "Rolling Pin", "Pepper Mill", "Baking Tray", "Ladle", "Skillet",
	    "Mixing Bowl", "Kettle" },
	  { "small kitchens", "Sunday roasts", "people who bake", "open fires" },
	  { "heats evenly to the rim", "hangs from its own loop", "is easy to rinse", "will outlive its recipe" } },
	{ "Garden", { "outdoor", "planting", "balcony", "tools" },
	  { "Galvanised", "Terracotta", "Long-Handled", "Frost-Proof", "Hanging", "Solar", "Folding", "Slate" },
	  { "Watering Can", "Planter", "Trowel", "Bird Feeder", "Hose Reel", "Pruning Knife", "Seed Tray", "Lantern",
	    "Trellis", "Kneeling Pad" },
	  { "balconies in the wind", "heavy soil", "late tulips", "patient people" },
	  { "does not mind the rain", "keeps slugs guessing", "folds flat for the winter", "has a grip for wet hands" } },
	{ "Paper", { "stationery", "office", "writing", "gift" },
	  { "Ruled", "Dotted", "Recycled", "Cloth-Bound", "Pocket", "Marbled", "Refillable", "Letterpress" },
	  { "Notebook", "Envelope Set", "Desk Calendar", "Fountain Pen", "Sketch Pad", "Memo Block", "Pencil Case",
	    "Ring Binder", "Ink Bottle", "Gift Box" },
	  { "left-handed writers", "lists", "long meetings", "love letters" },
	  { "lies flat at every page", "does not bleed through", "smells faintly of cedar", "comes in a sleeve of ten" } },
	{ "Textiles", { "home", "cotton", "bedroom", "washable" },
	  { "Linen", "Waffle", "Quilted", "Striped", "Herringbone", "Stonewashed", "Fringed", "Flannel" },
	  { "Apron", "Tea Towel", "Duvet Cover", "Cushion", "Throw", "Bath Mat", "Tablecloth", "Curtain", "Pillowcase",
	    "Oven Glove" },
	  { "cold bedrooms", "long tables", "guests", "cats with claws" },
	  { "keeps its shape after a hundred washes", "gets softer every week", "dries before noon",
	    "is woven, not printed" } },
	{ "Toys", { "children", "wooden", "puzzle", "party" },
	  { "Wooden", "Magnetic", "Rainbow", "Wind-Up", "Giant", "Glow-in-the-Dark", "Felt", "Folding" },
	  { "Train Set", "Spinning Top", "Puzzle", "Kite", "Abacus", "Hand Puppet", "Yo-Yo", "Building Kit",
	    "Skipping Rope", "Memory Game" },
	  { "rainy afternoons", "three-year-olds", "long car rides", "grandparents" },
	  { "needs no batteries", "survives the stairs", "fits in a coat pocket", "has no small parts" } },
	{ "Electronics", { "gadget", "usb-c", "desk", "travel" },
	  { "Compact", "Wireless", "Braided", "Rechargeable", "Clip-On", "Dimmable", "Waterproof", "Dual-Port" },
	  { "Charger", "Desk Lamp", "Radio", "Speaker", "Cable", "Keyboard", "Power Bank", "Alarm Clock", "Webcam",
	    "Card Reader" },
	  { "night trains", "crowded desks", "shared rooms", "people who lose cables" },
	  { "charges over lunch", "remembers its last setting", "has a real switch", "weighs less than an apple" } },
	{ "Outdoor", { "hiking", "camping", "rain", "travel" },
	  { "Ultralight", "Insulated", "Waxed", "Roll-Top", "Ripstop", "Merino", "Three-Season", "Collapsible" },
	  { "Rucksack", "Tent", "Water Bottle", "Headlamp", "Camp Stove", "Rain Jacket", "Sleeping Mat", "Dry Bag",
	    "Trekking Pole", "Mug" },
	  { "wet weekends", "the first night out", "people who walk to work", "huts above the tree line" },
	  { "packs into its own pocket", "stays dry inside", "can be mended with thread", "has pockets where hands are" } },
	{ "Seasonal", { "christmas", "decoration", "party", "candles" },
	  { "Frosted", "Paper", "Hand-Blown", "Scented", "Beaded", "Gilded", "Nordic", "Tissue" },
	  { "Candle", "Garland", "Bauble", "Wreath", "Star", "Advent Calendar", "Bunting", "Tree Skirt", "Napkin Ring",
	    "Snow Globe" },
	  { "the longest nights", "office windows", "people who start in October", "small trees" },
	  { "glows for six hours", "packs flat until next year", "is signed by the maker", "sheds no glitter" } },
};

static const char *const shop_titles[] = {
	"%B %a %n", "%B %a %n", "%a %n", "%a %n by %B", "%a %n, Set of 3", "%n \"%N\"", "%a %n and %m", "%B %n No. 7",
	NULL
};
static const char *const shop_foreign[] = {
	"手工%n", "云纹茶巾", "竹节笔筒", "青釉小碗", "Théière Émaillée %N", "Crème Brûlée Set", "Krähenfuß %n",
	"%a %n »%N«", NULL
};
static const char *const shop_texts[] = {
	"%a %n made for %w; %d.", "For %w: a %n that %d.", "Our %a %n %d.", NULL
};

/* --- courses ----------------------------------------------------------------------- */

static const struct synth_taste course_tastes[] = {
	{ "Programming", { "beginner", "projects", "software", "tools" },
	  { "Practical", "Clean", "Concurrent", "Embedded", "Functional", "Secure", "Test-First", "Portable" },
	  { "Compilers", "Web Servers", "Scripts", "Data Structures", "Interfaces", "Debugging", "Version Control",
	    "Parsers", "Games", "Networks" },
	  { "first-year students", "people who tinker", "working developers", "late starters" },
	  { "write a small interpreter", "read other people's code", "ship something every week",
	    "measure before you change anything" } },
	{ "Mathematics", { "proofs", "problem sets", "theory", "foundations" },
	  { "Applied", "Discrete", "Linear", "Visual", "Numerical", "Elementary", "Stochastic", "Geometric" },
	  { "Algebra", "Probability", "Optimisation", "Graphs", "Calculus", "Topology", "Inequalities", "Number Theory",
	    "Modelling", "Statistics" },
	  { "engineers", "teachers", "anyone who liked puzzles", "second-year students" },
	  { "prove it three ways", "draw before you compute", "learn to estimate", "solve one hard problem a day" } },
	{ "History", { "reading", "archives", "seminar", "culture" },
	  { "Medieval", "Maritime", "Oral", "Industrial", "Urban", "Forgotten", "Rural", "Ancient" },
	  { "Trade Routes", "Cities", "Letters", "Revolutions", "Harbours", "Maps", "Empires", "Markets", "Migrations",
	    "Monasteries" },
	  { "curious readers", "museum guides", "writers", "evening students" },
	  { "work with real sources", "follow one object through four centuries", "argue from a footnote",
	    "read a city like a page" } },
	{ "Business", { "management", "case study", "finance", "teams" },
	  { "Lean", "Strategic", "Honest", "Small-Scale", "Sustainable", "Digital", "Remote", "Family" },
	  { "Accounting", "Negotiation", "Pricing", "Leadership", "Logistics", "Marketing", "Start-Ups", "Procurement",
	    "Contracts", "Planning" },
	  { "new managers", "shop owners", "people who hate meetings", "non-profit boards" },
	  { "read a balance sheet", "say no and stay friends", "price without guessing", "run a meeting that ends" } },
	{ "Health", { "nursing", "nutrition", "clinical", "body" },
	  { "Clinical", "Community", "Everyday", "Paediatric", "Preventive", "Evidence-Based", "Rural", "Gentle" },
	  { "Nutrition", "First Aid", "Anatomy", "Sleep", "Nursing", "Epidemiology", "Rehabilitation", "Ageing",
	    "Pharmacology", "Movement" },
	  { "nursing students", "carers", "coaches", "parents" },
	  { "read a study critically", "keep calm and count", "plan a week of meals", "listen before you treat" } },
	{ "Languages", { "speaking", "grammar", "travel", "listening" },
	  { "Conversational", "Business", "Intermediate", "Everyday", "Spoken", "Written", "Slow", "Intensive" },
	  { "Portuguese", "Mandarin", "Grammar", "Pronunciation", "Translation", "Swahili", "Idioms", "Phonetics",
	    "Dictation", "Finnish" },
	  { "absolute beginners", "travellers", "choir singers", "translators" },
	  { "order dinner without pointing", "dream in it by week six", "hear the difference", "write one page a day" } },
	{ "Design", { "studio", "portfolio", "typography", "colour" },
	  { "Editorial", "Sustainable", "Digital", "Swiss-Grid", "Bold", "Inclusive", "Spatial", "Quiet" },
	  { "Typography", "Posters", "Interfaces", "Wayfinding", "Packaging", "Ceramics", "Photography", "Sketching",
	    "Colour", "Exhibitions" },
	  { "career changers", "architects", "people who notice kerning", "studio beginners" },
	  { "make forty posters", "throw away your first idea", "draw every day", "hang a show at the end" } },
	{ "Science", { "lab", "fieldwork", "physics", "environment" },
	  { "Experimental", "Coastal", "Molecular", "Backyard", "Quantum", "Observational", "Open", "Polar" },
	  { "Astronomy", "Ecology", "Chemistry", "Geology", "Optics", "Microbes", "Weather", "Oceans", "Genetics",
	    "Materials" },
	  { "school teachers", "stargazers", "lab technicians", "citizen scientists" },
	  { "build your own spectrometer", "keep a field notebook", "see error bars everywhere",
	    "ask a better question" } },
};

static const char *const course_titles[] = {
	"Introduction to %a %n", "%a %n", "%n and %m", "%a %n II", "Seminar: %a %n", "%n from Scratch", "The Art of %n",
	"%n for Beginners", "Topics in %a %n", "%a %n with %N", NULL
};
static const char *const course_foreign[] = {
	"数据结构入门", "%n导论", "古代商路与城市", "睡眠科学十讲", "急救基础", "Théorie des %n", "Übungen: %n",
	"Introducción a %n", "口语%n", NULL
};
static const char *const course_texts[] = {
	"For %w. You will %d.", "%a %n for %w: %d.", "In eight weeks %w learn %n and %d.", NULL
};

/* --- music -------------------------------------------------------------------------- */

static const struct synth_taste music_tastes[] = {
	{ "Folk", { "acoustic", "banjo", "harmonies", "storytelling" },
	  { "Barefoot", "Hollowed", "Blackbird", "Threadbare", "Riverside", "Cedar", "Plainspoken", "Candlelit" },
	  { "Ferry", "Meadow", "Millstone", "Quilt", "Hymn", "Almanac", "Footbridge", "Lantern", "Harvest Moon", "Kin" },
	  { "porch evenings", "long walks", "early trains", "kitchens" },
	  { "two voices and one guitar", "a fiddle that takes its time", "a story in seven verses",
	    "recorded in one room" } },
	{ "Techno", { "club", "minimal", "modular", "night" },
	  { "Concrete", "Strobe", "Hydraulic", "Cobalt", "Looping", "Static", "Subterranean", "Parallel" },
	  { "Circuit", "Warehouse", "Voltage", "Transit", "Pulse", "Relay", "Grid", "Mainframe", "Phase", "Tunnel" },
	  { "four in the morning", "empty motorways", "people who dance alone", "basements" },
	  { "a kick drum and its shadow", "eleven minutes of patience", "machines slightly out of tune",
	    "built from one note" } },
	{ "Jazz", { "trio", "improvised", "live", "brass" },
	  { "Blue-Grey", "Lopsided", "Velvet", "Sidelong", "Smoky", "Uptown", "Crooked", "Slow-Walking" },
	  { "Stairwell", "Interlude", "Parade", "Taxi", "Reed", "Telegram", "Avenue", "Backroom", "Ballad", "Cadenza" },
	  { "late tables", "rainy windows", "cooks", "the second set" },
	  { "a walking bass under a muted horn", "a standard turned inside out", "brushes and a close piano",
	    "one take, doors open" } },
	{ "Metal", { "heavy", "riffs", "doom", "loud" },
	  { "Iron-Clad", "Sepulchral", "Molten", "Ashen", "Thunderous", "Obsidian", "Wrathful", "Frostbitten" },
	  { "Anvil", "Monolith", "Plague", "Furnace", "Oath", "Catacomb", "Serpent", "Gallows", "Eclipse", "Warhorn" },
	  { "gyms", "the front row", "winter", "broken speakers" },
	  { "riffs the size of doors", "double drums and no mercy", "a choir at the end of the world",
	    "tuned down to the floor" } },
	{ "Pop", { "dance", "synth", "summer", "hooks" },
	  { "Neon", "Sugar", "Weekend", "Glitter", "Heartshaped", "Electric", "Bubblegum", "Polaroid" },
	  { "Crush", "Balcony", "Telephone", "Confetti", "Rooftop", "Lipgloss", "Holiday", "Mixtape", "Daydream",
	    "Backseat" },
	  { "car radios", "first crushes", "getting ready", "the last bus" },
	  { "a chorus you know before it starts", "claps, synths, a key change", "three minutes and out",
	    "sweet on top and sad below" } },
	{ "Classical", { "strings", "piano", "chamber", "new music" },
	  { "Unfinished", "Pastoral", "Solemn", "Northern", "Minor", "Mirrored", "Gentle", "Winter" },
	  { "Nocturne", "Sonata", "Étude", "Partita", "Elegy", "Quartet", "Prelude", "Suite", "Rondo", "Variations" },
	  { "quiet halls", "studying", "two pianos", "Sunday mornings" },
	  { "strings close enough to hear the bow", "a slow movement that earns it", "written for a small room",
	    "on gut strings" } },
	{ "Hip-hop", { "rap", "beats", "samples", "lyrics" },
	  { "Corner-Store", "Dusty", "Golden", "Offbeat", "Third-Floor", "Cassette", "Midnight", "Brick" },
	  { "Cypher", "Stoop", "Hustle", "Vinyl", "Ledger", "Skyline", "Bodega", "Bars", "Turnstile", "Blueprint" },
	  { "headphones", "block parties", "the night shift", "people who rewind" },
	  { "a loop from a forgotten record", "verses without a hook", "drums that lean back",
	    "two friends trading lines" } },
	{ "Ambient", { "drone", "sleep", "field recordings", "slow" },
	  { "Weightless", "Submerged", "Pale", "Endless", "Lunar", "Mossy", "Distant", "Half-Asleep" },
	  { "Estuary", "Snowfield", "Lighthouse", "Vapour", "Horizon", "Tide", "Greenhouse", "Shoreline", "Aurora",
	    "Hush" },
	  { "sleep", "airports", "plants", "the hour before dawn" },
	  { "an hour of almost nothing", "tape hiss and far bells", "rain on a tin roof, slowed down",
	    "chords that arrive like weather" } },
};

static const char *const music_titles[] = {
	"%a %n - The %m Club", "%n for %N - %N and the %ms", "%a %n - %P", "%n (%P) - %a %m", "%a %n - %N %m",
	"%n No. 4 - %N", "%P %n - %a %m", NULL
};
static const char *const music_foreign[] = {
	"雨棚下的录音带 - 南巷乐队", "灯塔以北 - %N", "纸船 - 雾港合唱团", "Café des %ns - Zoë Brûlé",
	"Für %N - Kammer %n", "Corazón de %n - Ángela y los %ns", "Étude en Été - Saint-Orsène", NULL
};
static const char *const music_texts[] = {
	"%D, for %w.", "%a %n music for %w: %d.", "Made for %w. %D.", NULL
};

#define COUNT(a) (uint32_t)(sizeof(a) / sizeof(*(a)))

const struct synth_scenario synth_scenarios[4] = {
	{ .name = "films", .value = "rating", .prefix = 'f', .taste = film_tastes, .n_tastes = COUNT(film_tastes),
	  .title = film_titles, .foreign = film_foreign, .text = film_texts, .name_list = names, .place_list = places,
	  .maker_list = makers, .occasion_list = occasions, .first_year = 1931, .last_year = 2019, .session_mean = 4,
	  .gap = 240, .busy_hours = "211000012222333334568887" },
	{ .name = "shop", .value = "quantity", .prefix = 'p', .taste = shop_tastes, .n_tastes = COUNT(shop_tastes),
	  .title = shop_titles, .foreign = shop_foreign, .text = shop_texts, .name_list = names, .place_list = places,
	  .maker_list = makers, .occasion_list = occasions, .session_mean = 3, .gap = 420,
	  .busy_hours = "100000024678876677766532" },
	{ .name = "courses", .value = "hours", .prefix = 'c', .taste = course_tastes,
	  .n_tastes = COUNT(course_tastes), .title = course_titles, .foreign = course_foreign, .text = course_texts,
	  .name_list = names, .place_list = places, .maker_list = makers, .occasion_list = occasions,
	  .session_mean = 1.5, .gap = 5400, .busy_hours = "210000123566445666667765" },
	{ .name = "music", .value = "plays", .prefix = 't', .taste = music_tastes, .n_tastes = COUNT(music_tastes),
	  .title = music_titles, .foreign = music_foreign, .text = music_texts, .name_list = names,
	  .place_list = places, .maker_list = makers, .occasion_list = occasions, .session_mean = 7, .gap = 300,
	  .busy_hours = "421000135654444555667765" },
};
