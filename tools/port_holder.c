/* SPDX-License-Identifier: BSD-2-Clause */
#include "port_holder.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* proc(5): the state of a socket that listens in /proc/net/tcp; the octets of
 * a program's name with its end. */
enum { STATE_LISTEN = 0x0a, COMM_SIZE = 17, INODES_MAX = 64 };

struct inodes {
	unsigned long list[INODES_MAX];
	size_t n;
};

/* The kernel writes an address as words of 32 bits in the host's own order; one
 * of zeros is every address, and that of IPv6 every one of IPv4, too. */
static bool is_at(const char *hex, const struct ip *address)
{
	unsigned char octets[16] = { 0 };
	const unsigned char none[16] = { 0 };
	size_t n = strlen(hex) / 8 * 4;

	for (size_t i = 0; i < n && i < sizeof(octets); i += 4) {
		unsigned int word;

		sscanf(hex + 2 * i, "%8x", &word);
		memcpy(octets + i, &word, 4);
	}
	if (memcmp(octets, none, sizeof(none)) == 0)
		return n == 16 || !address->six;
	return n == (address->six ? 16 : 4) &&
	       memcmp(octets, address->octets, n) == 0;
}

static void read_table(const char *path, const struct ip *address, int port,
		       struct inodes *to)
{
	FILE *file = fopen(path, "r");
	char line[512], at[33];

	while (file && fgets(line, sizeof(line), file)) {
		unsigned int local, state;
		unsigned long inode;

		if (sscanf(line,
			   " %*[0-9]: %32[0-9A-F]:%x %*[0-9A-F]:%*x %x "
			   "%*[0-9A-F:] %*[0-9A-F:] %*x %*u %*u %lu",
			   at, &local, &state, &inode) == 4 &&
		    local == (unsigned int)port && state == STATE_LISTEN &&
		    is_at(at, address) && to->n < INODES_MAX)
			to->list[to->n++] = inode;
	}
	if (file)
		fclose(file);
}

/* Is one of these sockets among a process's descriptors? */
static bool holds(long pid, const struct inodes *inodes)
{
	char path[64], target[64];
	DIR *folder;
	const struct dirent *entry;
	bool found = false;

	snprintf(path, sizeof(path), "/proc/%ld/fd", pid);
	folder = opendir(path);
	while (folder && !found && (entry = readdir(folder))) {
		ssize_t n = readlinkat(dirfd(folder), entry->d_name, target,
				       sizeof(target) - 1);
		unsigned long inode;

		if (n <= 0)
			continue;
		target[n] = '\0';
		if (sscanf(target, "socket:[%lu]", &inode) != 1)
			continue;
		for (size_t i = 0; i < inodes->n; i++)
			found = found || inodes->list[i] == inode;
	}
	if (folder)
		closedir(folder);
	return found;
}

static const char *name_of(struct arena *arena, long pid)
{
	char path[64], name[COMM_SIZE] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/comm", pid);
	file = fopen(path, "r");
	if (!file)
		return NULL;
	if (!fgets(name, sizeof(name), file))
		name[0] = '\0';
	fclose(file);
	name[strcspn(name, "\n")] = '\0';
	return arena_printf(arena, "%s", name);
}

static void find_inodes(const struct ip *address, int port,
			struct inodes *inodes)
{
	*inodes = (struct inodes){ .n = 0 };
	read_table("/proc/net/tcp", address, port, inodes);
	read_table("/proc/net/tcp6", address, port, inodes);
}

bool port_holder_is(const struct ip *address, int port, const char *name)
{
	struct arena *arena = arena_new(256);
	const struct dirent *entry;
	struct inodes inodes;
	bool has = false;
	DIR *folder;

	find_inodes(address, port, &inodes);
	folder = inodes.n ? opendir("/proc") : NULL;
	while (folder && !has && (entry = readdir(folder))) {
		long pid = strtol(entry->d_name, NULL, 10);
		const char *own = pid > 0 ? name_of(arena, pid) : NULL;

		has = own && strcmp(own, name) == 0 && holds(pid, &inodes);
	}
	if (folder)
		closedir(folder);
	arena_free(arena);
	return has;
}

/* Children inherit the socket: the first of them all is taken for its owner. */
const char *port_holder_name(struct arena *arena, const struct ip *address,
			     int port, long *pid)
{
	struct inodes inodes;
	DIR *folder;
	const struct dirent *entry;

	*pid = 0;
	find_inodes(address, port, &inodes);
	if (!inodes.n)
		return NULL;
	folder = opendir("/proc");
	while (folder && (entry = readdir(folder))) {
		long one = strtol(entry->d_name, NULL, 10);

		if (one > 0 && (!*pid || one < *pid) && holds(one, &inodes))
			*pid = one;
	}
	if (folder)
		closedir(folder);
	return *pid ? name_of(arena, *pid) : NULL;
}
