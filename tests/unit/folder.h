/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_FOLDER_H
#define TESTS_FOLDER_H

/* Include unit.h first. A folder of a test's own, which ends with it. */

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

struct folder {
	struct arena *arena; /* also for what the test itself makes */
	const char *path;
};

static inline int folder_remove_one(const char *path, const struct stat *stat_,
				    int type, struct FTW *ftw)
{
	(void)stat_, (void)type, (void)ftw;
	return remove(path);
}

/* The one that is there, so that one of a failed test goes too. */
static inline char *folder_present(void)
{
	static char path[256];

	return path;
}

static inline void folder_remove(void)
{
	if (seteuid(getuid()) == 0 && *folder_present())
		nftw(folder_present(), folder_remove_one, 16,
		     FTW_DEPTH | FTW_PHYS);
	*folder_present() = '\0';
}

static inline struct folder folder_new(void)
{
	static bool is_registered;
	struct folder folder = { .arena = arena_new(4096) };
	const char *base = getenv("TMPDIR");

	if (!is_registered)
		atexit(folder_remove);
	is_registered = true;
	folder_remove();
	snprintf(folder_present(), 256, "%s/millrace-unit.XXXXXX",
		 base && *base ? base : "/tmp");
	assert_non_null(mkdtemp(folder_present()));
	folder.path = folder_present();
	assert_int_equal(chmod(folder.path, 0755), 0);
	return folder;
}

static inline void folder_end(struct folder *folder)
{
	folder_remove();
	arena_free(folder->arena);
}

/* The path of a name in the folder. */
static inline const char *folder_path(const struct folder *folder,
				      const char *name)
{
	return arena_printf(folder->arena, "%s/%s", folder->path, name);
}

/* Makes a folder and those above it; returns its path. */
static inline const char *folder_make(const struct folder *folder,
				      const char *name)
{
	const char *path = folder_path(folder, name);
	char *copy = arena_printf(folder->arena, "%s/", path);
	char *from = copy + strlen(folder->path) + 1;

	for (char *p = strchr(from, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		mkdir(copy, 0755);
		*p = '/';
	}
	return path;
}

/* Writes bytes to a file, making the folders above it; returns its path. */
static inline const char *folder_write_str(const struct folder *folder,
					   const char *name, struct str bytes)
{
	size_t slash = str_find_last(str_from(name), '/');
	const char *path = folder_path(folder, name);
	FILE *file;

	if (name[slash])
		folder_make(folder, arena_printf(folder->arena, "%.*s",
						 (int)slash, name));
	file = fopen(path, "wb");
	if (!file)
		fail_msg("%s can't be written", path);
	assert_int_equal(fwrite(bytes.p, 1, bytes.n, file), bytes.n);
	assert_int_equal(fclose(file), 0);
	return path;
}

static inline const char *folder_write(const struct folder *folder,
				       const char *name, const char *text)
{
	return folder_write_str(folder, name, str_from(text));
}

/* A private key, as dkim keygen leaves it. */
static inline const char *folder_write_key(const struct folder *folder,
					   const char *name, const char *text)
{
	const char *path = folder_write(folder, name, text);

	assert_int_equal(chmod(path, 0640), 0);
	return path;
}

/* What a descriptor of a temporary file took, from its beginning. */
static inline struct str folder_read_fd(const struct folder *folder, int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char *bytes = arena_alloc(folder->arena, (size_t)size + 1);

	assert_int_equal(pread(fd, bytes, (size_t)size, 0), size);
	return (struct str){ bytes, (size_t)size };
}

/* Turns a stream to a file until capture_end, which returns what came. */
struct capture {
	const struct folder *folder;
	int stream, saved, file;
};

static inline struct capture capture_begin(const struct folder *folder,
					   int stream)
{
	struct capture capture = { folder, stream, dup(stream), -1 };

	fflush(NULL);
	capture.file = open(folder_path(folder, "captured"),
			    O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(capture.saved >= 0 && capture.file >= 0);
	dup2(capture.file, stream);
	return capture;
}

static inline const char *capture_end(struct capture *capture)
{
	struct str text;

	fflush(NULL);
	dup2(capture->saved, capture->stream);
	close(capture->saved);
	text = folder_read_fd(capture->folder, capture->file);
	close(capture->file);
	return text.p;
}

/* How often a text stands in another. */
static inline size_t count_in(const char *text, const char *what)
{
	size_t n = 0;

	while ((text = strstr(text, what))) {
		n++;
		text += strlen(what);
	}
	return n;
}

/* `row` says which row of a table it was. */
static inline void unit_has(const char *text, const char *what, const char *row,
			    const char *file, int line)
{
	if (text && strstr(text, what))
		return;
	print_error("%s: no \"%s\" in \"%s\"\n", row, what,
		    text ? text : "(null)");
	_fail(file, line);
}

#define ASSERT_HAS(text, what, row) \
	unit_has((text), (what), (row), __FILE__, __LINE__)

/* Root reads every file: become somebody else to see what a service sees. */
static inline bool become_nobody(void)
{
	return geteuid() != 0 || seteuid(65534) == 0;
}

static inline void become_again(void)
{
	assert_int_equal(seteuid(getuid()), 0);
}

#endif
