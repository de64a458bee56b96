/* SPDX-License-Identifier: GPL-3.0-or-later */
/* paths.h - where things lie: XDG folders, the home of runs, the shipped sample.
 *
 * Each returns a new string (free()), or NULL where the environment names no place.  INIT or UI.
 */
#ifndef APP_PATHS_H
#define APP_PATHS_H

char *path_home(void);               /* $XDG_DATA_HOME/whyrec, else ~/.local/share/whyrec */
char *path_config(const char *name); /* $XDG_CONFIG_HOME/whyrec/NAME, else ~/.config/… */
char *path_state(const char *name);  /* $XDG_STATE_HOME/whyrec/NAME, else ~/.local/state/… */
/* The sample data: $WHYREC_SAMPLE, where it was installed, or beside the program in a build folder. */
char *path_sample(void);

#endif
