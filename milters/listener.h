/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MILTERS_LISTENER_H
#define MILTERS_LISTENER_H

#include "milters/snapshot.h"

/*
 * The listening socket: the first that systemd passes (LISTEN_FDS) and that is
 * not named "control", else a new one as the settings say. Returns its descriptor, or -1 with *error set. We
 * make it and libmilter is given the descriptor, because libmilter unlinks
 * whatever it finds at a path, and leaves Nagle's algorithm on for TCP.
 */
int listener_open(const struct runtime_settings *settings, struct arena *arena,
		  const char **error);

/*
 * The control socket: the one that systemd passes under the name "control",
 * else one for us and root alone where the settings want it. -1 without
 * either, with *error NULL, or as above.
 */
int listener_open_control(const struct runtime_settings *settings,
			  struct arena *arena, const char **error);

/*
 * Stops taking connections: puts a socket that nobody connects to in the
 * place of the listening one. Those that come now wait in the backlog of the
 * socket that systemd holds, for whoever serves it next.
 */
void listener_close(int listener);

#endif
