# SPDX-License-Identifier: BSD-2-Clause
# The settings in contrib/postfix/DAEMON.postconf as the table of check_host.h.

BEGIN {
	print "/* Made by shipped.awk. */"
	print "#include \"tools/check_host.h\""
	print "const struct shipped shipped[] = {"
}

/^[a-z]/ {
	daemon = FILENAME
	sub(/.*\//, "", daemon)
	sub(/\.postconf$/, "", daemon)
	name = value = $0
	sub(/ =.*/, "", name)
	sub(/^[^=]*= ?/, "", value)
	gsub(/\\/, "&&", value)
	gsub(/"/, "\\\"", value)
	printf "\t{ \"%s\", \"%s\", \"%s\" },\n", daemon, name, value
}

END {
	print "\t{ NULL, NULL, NULL },"
	print "};"
}
