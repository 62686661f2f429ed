/* SPDX-License-Identifier: BSD-2-Clause */
#include "milters/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>
#include <unistd.h>

#include "mail/buf.h"

enum { LINE_MAX_BYTES = 2048, VALUE_MAX = 200 };

static const char *log_name = "millrace";
static bool use_stderr = true, is_closed;

void log_open(const char *name, bool to_stderr)
{
	log_name = name;
	use_stderr = to_stderr;
	if (!to_stderr)
		openlog(name, LOG_PID | LOG_NDELAY, LOG_MAIL);
}

void log_close(void)
{
	is_closed = true;
}

static void log_line(int priority, const char *level, const char *format,
		     va_list args)
{
	char line[LINE_MAX_BYTES];
	int n, more;

	if (is_closed)
		return;
	if (!use_stderr) {
		vsyslog(priority, format, args);
		return;
	}
	n = snprintf(line, sizeof(line), "%s: %s", log_name, level);
	more = vsnprintf(line + n, sizeof(line) - (size_t)n - 1, format, args);
	if (more < 0)
		return;
	n += more;
	if (n > (int)sizeof(line) - 2)
		n = (int)sizeof(line) - 2;
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		return; /* nobody is left to tell */
}

void log_info(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(LOG_INFO, "", format, args);
	va_end(args);
}

void log_warning(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(LOG_WARNING, "warning: ", format, args);
	va_end(args);
}

void log_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(LOG_ERR, "error: ", format, args);
	va_end(args);
}

const char *log_value(struct arena *arena, struct str value)
{
	struct buf buf;

	buf_init(&buf, arena, VALUE_MAX * 4 + 3);
	for (size_t i = 0; i < value.n && i < VALUE_MAX; i++) {
		unsigned char c = (unsigned char)value.p[i];

		if (c > 32 && c < 127 && c != '\\' && c != '"')
			buf_addc(&buf, (char)c);
		else
			buf_printf(&buf, "\\x%02x", c);
	}
	if (value.n > VALUE_MAX)
		buf_add(&buf, STR("..."));
	return buf_c(&buf);
}

const char *log_sentence(struct arena *arena, const char *text)
{
	char *quoted = arena_printf(arena, "\"%s\"", text);
	size_t n = strlen(quoted);

	for (size_t i = 1; i + 1 < n; i++)
		if (quoted[i] == '"')
			quoted[i] = '\'';
	return quoted;
}
