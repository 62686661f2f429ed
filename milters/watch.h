/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTERS_WATCH_H
#define MILTERS_WATCH_H

#include <stdbool.h>

/*
 * Notices, by inotify, when the alias files below a configuration change: the
 * files CONFIG/domains/DOMAIN/aliases, the folders of domains, and
 * CONFIG/domains itself. What can't be watched is told once, and left to
 * reloads by signal.
 */
struct watch;

/* NULL, with a warning, on a system without inotify. */
struct watch *watch_new(const char *config);

/* To be polled for reading; -1 without a watch. */
int watch_descriptor(const struct watch *watch);

/*
 * Watches what is there now. To be called before the files are read: a change
 * is then either read or noticed.
 */
void watch_renew(struct watch *watch);

/* Takes all that was noticed since. Was any of it about aliases? */
bool watch_take(struct watch *watch);

#endif
