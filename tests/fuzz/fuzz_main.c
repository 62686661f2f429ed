/* SPDX-License-Identifier: BSD-2-Clause */

/* Gives the files named on the command line to a target, one by one. */

#include "fuzz.h"

static void replay(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data;
	size_t n = 0;
	long size;

	MUST(file && fseek(file, 0, SEEK_END) == 0);
	size = ftell(file);
	MUST(size >= 0 && fseek(file, 0, SEEK_SET) == 0);
	/* its own memory of just this size, so that reading on is seen */
	data = malloc(size ? (size_t)size : 1);
	MUST(data);
	if (size)
		n = fread(data, 1, (size_t)size, file);
	MUST(n == (size_t)size);
	fclose(file);
	LLVMFuzzerTestOneInput(data, n);
	free(data);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	return 0;
}
