/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The names that public datasets and exports of shops give their columns. */
#include "data/columns.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const char *const known[N_COLUMNS] = {
	[COL_USER] = " userid user uid visitorid visitor customerid customer customeruniqueid clientid client "
		     "memberid member reviewerid reviewer learnerid learner studentid student accountid account "
		     "personid person listenerid listener readerid reader viewerid viewer subscriberid profileid "
		     "buyerid buyer username usr msnoid msno sessionid session ",
	[COL_ITEM] = " itemid item iid movieid movie filmid film productid product parentasin asin sku stockcode "
		     "businessid business courseid course artistid artist trackid track songid song albumid album "
		     "bookid book isbn articleid article newsid news contentid content animeid anime gameid game appid app "
		     "videoid video recipeid recipe venueid venue placeid place poiid poi jobid job adid ad showid show "
		     "podcastid podcast goodsid goods entityid docid postid hotelid restaurantid merchantid ",
	[COL_VALUE] = " rating ratings score stars star overall value count counts weight plays playcount quantity qty "
		      "preference strength listencount listens views clicks hours playtime nplays bookrating "
		      "reviewscore purchases times frequency ",
	[COL_TIME] = " timestamp time datetime date ts unixtime unixreviewtime eventtime createdat created "
		     "invoicedate reviewtime reviewdate orderdate ratedat ratingtimestamp utc when timestampms ",
	[COL_ORDER] = " orderinuser rankinuser seqinuser order seq sequence eventindex ",
	[COL_EVENT] = " event eventtype action actiontype behavior behaviour behaviortype interaction type ",
	[COL_TITLE] = " title movietitle itemtitle itemname productname producttitle coursename coursetitle artistname "
		      "booktitle trackname songname moviename name primarytitle headline ",
	[COL_TEXT] = " text description desc itemdescription about overview plot summary abstract synopsis blurb body ",
	[COL_TAGS] = " genres genre tags categories category categorycode class classes fields field topics topic "
		     "keywords keyconcepts concepts subjects subject department schools school teachers brand ",
	[COL_TAG] = " tag ",
	[COL_TAG_ID] = " tagid ",
	[COL_TAG_NAME] = " tagvalue tagname tag name value ",
	[COL_FRIEND] = " friendid friend trusteeid trustee followeeid followee ",
	[COL_ID] = " id orgid originalid mappedid remapid ",
};

/* "User ID" -> " userid "; "user_id:token" ends at the colon.  false: too long to be one of ours. */
static bool fold_name(const char *name, char out[40])
{
	size_t n = 0;

	out[n++] = ' ';
	for (const char *c = name; *c && *c != ':'; c++) {
		if (*c == ' ' || *c == '_' || *c == '-' || *c == '.')
			continue;
		if (n >= 38 || !isalnum((unsigned char)*c))
			return false;
		out[n++] = (char)tolower((unsigned char)*c);
	}
	out[n++] = ' ';
	out[n] = '\0';
	return n > 2;
}

int column_find(enum column c, const char *const *names, size_t n)
{
	const char *best_at = NULL;
	int best = -1;

	for (size_t i = 0; i < n; i++) {
		char folded[40];
		const char *at = fold_name(names[i], folded) ? strstr(known[c], folded) : NULL;

		if (at && (best < 0 || at < best_at)) {
			best = (int)i;
			best_at = at;
		}
	}
	return best;
}

bool column_is(enum column c, const char *name)
{
	return column_find(c, &name, 1) == 0;
}

/* user_id, imdbId, ID; but not paid. */
static bool ends_in_id(const char *name)
{
	const size_t n = strlen(name);
	const char *end = name + n - 2;

	if (n < 2 || strcasecmp(end, "id") != 0)
		return false;
	return n == 2 || strchr("_- .", end[-1]) || (end[0] == 'I' && islower((unsigned char)end[-1]));
}

bool column_is_key(const char *name)
{
	static const enum column keys[] = { COL_USER, COL_ITEM, COL_TIME, COL_ORDER, COL_EVENT, COL_TAG_ID,
					    COL_FRIEND, COL_ID };
	static const char words[] = " code zip zipcode postcode isbn isbn10 isbn13 ean upc gtin barcode imdb tmdb index "
				    "row rownumber phone telephone url link image picture ";
	char folded[40];

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (column_is(keys[i], name))
			return true;
	return ends_in_id(name) || (fold_name(name, folded) && strstr(words, folded));
}

bool column_known(const char *name)
{
	for (int c = 0; c < N_COLUMNS; c++)
		if (column_is((enum column)c, name))
			return true;
	return false;
}
