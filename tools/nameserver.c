/* SPDX-License-Identifier: BSD-2-Clause */
#include "nameserver.h"

#include <arpa/nameser.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mail/dns_rdata.h"
#include "mail/limits.h"
#include "milters/resolver.h"

enum {
	PORT = 53,
	/* All that comes within a try or a connection, whatever it is. */
	TRY_MS = 2000,
	TRIES = 3,
	TCP_MS = 6000,
	HEADER_SIZE = 12,
	EDNS_SIZE = 1232, /* as in milters/resolver.c */
	QUESTION_MAX = 512,
	ANSWER_MAX = 65535,
	OPT = 41,
	RECORD_TEXT_MAX = 4 * 65535,
};

const char *rr_type_name(enum rr_type type)
{
	switch (type) {
	case RR_A:
		return "A";
	case RR_NS:
		return "NS";
	case RR_PTR:
		return "PTR";
	case RR_MX:
		return "MX";
	case RR_TXT:
		return "TXT";
	case RR_AAAA:
		return "AAAA";
	case RR_DS:
		return "DS";
	case RR_TLSA:
		return "TLSA";
	}
	return "?";
}

static void add_number(struct buf *buf, unsigned number)
{
	buf_addc(buf, (char)(number >> 8));
	buf_addc(buf, (char)(number & 0xff));
}

/* RFC 1035 section 4.1, without RD; RFC 6891 section 6.1.2. */
static struct str make_question(struct arena *arena, struct str name,
				enum rr_type type)
{
	struct str label;
	unsigned short id;
	struct buf buf;

	if (getrandom(&id, sizeof(id), 0) != sizeof(id))
		abort(); /* there is no Linux where it fails */
	buf_init(&buf, arena, QUESTION_MAX);
	add_number(&buf, id);
	add_number(&buf, 0);
	add_number(&buf, 1);
	add_number(&buf, 0);
	add_number(&buf, 0);
	add_number(&buf, 1);
	while (str_cut(&name, '.', &label)) {
		buf_addc(&buf, (char)label.n);
		buf_add(&buf, label);
	}
	buf_addc(&buf, 0);
	add_number(&buf, type);
	add_number(&buf, ns_c_in);
	buf_addc(&buf, 0);
	add_number(&buf, OPT);
	add_number(&buf, EDNS_SIZE);
	buf_add(&buf, (struct str){ "\0\0\0\0\0\0", 6 });
	return buf_str(&buf);
}

/* False when the time is over, or with another errno. */
static bool wait_for(int fd, short events, int64_t end)
{
	struct pollfd one = { .fd = fd, .events = events };
	int64_t left = end - resolver_now();

	errno = EAGAIN;
	return left > 0 && poll(&one, 1, (int)left) == 1;
}

/* Connects within the time; 0, or errno. */
static int finish_connecting(int fd, int64_t end)
{
	int error = 0;
	socklen_t size = sizeof(error);

	if (!wait_for(fd, POLLOUT, end))
		return errno;
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
	return error;
}

/* A socket for a server; -1 with errno set. */
static int connect_to(const struct ip *server, int type, int64_t end)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6,
				    .sin6_port = htons(PORT) };
	struct sockaddr_in four = { .sin_family = AF_INET,
				    .sin_port = htons(PORT) };
	const struct sockaddr *to = server->six ? (struct sockaddr *)&six
						: (struct sockaddr *)&four;
	socklen_t size = server->six ? sizeof(six) : sizeof(four);
	int fd = socket(to->sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int why = 0;

	memcpy(&six.sin6_addr, server->octets, 16);
	memcpy(&four.sin_addr, server->octets, 4);
	if (fd < 0)
		return -1;
	if (connect(fd, to, size) != 0)
		why = errno == EINPROGRESS ? finish_connecting(fd, end) : errno;
	if (!why)
		return fd;
	close(fd);
	errno = why;
	return -1;
}

/* Does the answer have the question, octet by octet (RFC 5452 section 4)? */
static bool is_answer(struct str question, struct str answer)
{
	size_t n = question.n - HEADER_SIZE - 11; /* without OPT */

	return answer.n >= HEADER_SIZE + n &&
	       memcmp(answer.p, question.p, 2) == 0 &&
	       (answer.p[2] & 0x80) != 0 &&
	       str_ieq(str_sub(answer, HEADER_SIZE, HEADER_SIZE + n),
		       str_sub(question, HEADER_SIZE, HEADER_SIZE + n));
}

/* One try of ask_udp; what comes for other questions is passed over. */
static size_t try_udp(int fd, struct str question, char *room)
{
	int64_t end = resolver_now() + TRY_MS;
	ssize_t got = send(fd, question.p, question.n, 0);

	while (got >= 0 && wait_for(fd, POLLIN, end)) {
		got = recv(fd, room, ANSWER_MAX, 0);
		if (got > 0 &&
		    is_answer(question, (struct str){ room, (size_t)got }))
			return (size_t)got;
	}
	return 0;
}

/* The octets of an answer in `room`; 0 when none came, errno says why. */
static size_t ask_udp(const struct ip *server, struct str question, char *room)
{
	int fd = connect_to(server, SOCK_DGRAM, 0), why;
	size_t n = 0;

	if (fd < 0)
		return 0;
	for (int i = 0; i < TRIES && !n; i++)
		n = try_udp(fd, question, room);
	why = errno;
	close(fd);
	errno = why;
	return n;
}

static bool receive(int fd, char *room, size_t n, int64_t end)
{
	ssize_t got;

	for (size_t at = 0; at < n; at += (size_t)got) {
		if (!wait_for(fd, POLLIN, end))
			return false;
		errno = ECONNRESET; /* unless recv says more */
		got = recv(fd, room + at, n - at, 0);
		if (got <= 0)
			return false;
	}
	return true;
}

/* RFC 1035 section 4.2.2: two octets of length before each message. */
static size_t ask_tcp(struct arena *arena, const struct ip *server,
		      struct str question, char *room)
{
	int64_t end = resolver_now() + TCP_MS;
	int fd = connect_to(server, SOCK_STREAM, end), why;
	struct buf buf;
	size_t n = 0;

	if (fd < 0)
		return 0;
	buf_init(&buf, arena, QUESTION_MAX + 2);
	add_number(&buf, (unsigned)question.n);
	buf_add(&buf, question);
	if (send(fd, buf.p, buf.n, MSG_NOSIGNAL) == (ssize_t)buf.n &&
	    receive(fd, room, 2, end))
		n = (size_t)(unsigned char)room[0] << 8 |
		    (unsigned char)room[1];
	if (n && (!receive(fd, room, n, end) ||
		  !is_answer(question, (struct str){ room, n })))
		n = 0;
	why = errno;
	close(fd);
	errno = why;
	return n;
}

/* The name at a place in the message, as it is on the wire, in full. */
static bool unpack_name(ns_msg *message, const unsigned char *at,
			struct buf *buf)
{
	unsigned char name[NS_MAXCDNAME];
	size_t n = 0;

	if (ns_name_unpack(ns_msg_base(*message), ns_msg_end(*message), at,
			   name, sizeof(name)) < 0)
		return false;
	while (name[n])
		n += name[n] + 1U;
	buf_add(buf, (struct str){ (char *)name, n + 1 });
	return true;
}

/* The data of a record, names in full. */
static bool unpack(struct arena *arena, ns_msg *message, const ns_rr *rr,
		   struct str *data)
{
	struct str raw = { (const char *)ns_rr_rdata(*rr), ns_rr_rdlen(*rr) };
	const unsigned char *name = ns_rr_rdata(*rr);
	struct buf buf;

	switch (ns_rr_type(*rr)) {
	case ns_t_ns:
	case ns_t_cname:
	case ns_t_ptr:
	case ns_t_mx:
		buf_init(&buf, arena, LIMIT_RDATA);
		if (ns_rr_type(*rr) == ns_t_mx) {
			if (raw.n < 3)
				return false;
			buf_add(&buf, str_sub(raw, 0, 2));
			name += 2;
		}
		if (!unpack_name(message, name, &buf))
			return false;
		*data = buf_str(&buf);
		return true;
	default:
		*data = arena_copy(arena, raw);
		return true;
	}
}

void rr_add_string(struct buf *buf, struct str s)
{
	buf_addc(buf, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_addc(buf, '\\');
		if (s.p[i] >= ' ' && s.p[i] <= '~')
			buf_addc(buf, s.p[i]);
		else
			buf_printf(buf, "\\%03u", (unsigned char)s.p[i]);
	}
	buf_addc(buf, '"');
}

static const char *strings_text(struct arena *arena, struct str data)
{
	struct buf buf;

	buf_init(&buf, arena, RECORD_TEXT_MAX);
	for (size_t i = 0, n; i < data.n; i += n) {
		n = 1U + (unsigned char)data.p[i];
		if (i)
			buf_addc(&buf, ' ');
		rr_add_string(&buf, str_sub(data, i + 1, i + n));
	}
	return buf_c(&buf);
}

/* Numbers of an octet each, and the rest in hexadecimal digits. */
static const char *digits_text(struct arena *arena, struct str data,
			       size_t numbers)
{
	struct buf buf;

	buf_init(&buf, arena, RECORD_TEXT_MAX);
	for (size_t i = 0; i < data.n; i++)
		buf_printf(&buf, i < numbers ? "%u " : "%02x",
			   (unsigned char)data.p[i]);
	return buf_c(&buf);
}

static const char *record_text(struct arena *arena, enum rr_type type,
			       const struct rr *record)
{
	struct str name = arena_lower(arena, record->dns.data);
	struct ip ip = { .six = type == RR_AAAA };

	switch (type) {
	case RR_A:
	case RR_AAAA:
		memcpy(ip.octets, record->dns.data.p, record->dns.data.n);
		return ip_format(arena, &ip).p;
	case RR_MX:
		return arena_printf(arena, "%u %s", record->dns.preference,
				    name.n ? name.p : ".");
	case RR_TXT:
		return strings_text(arena, record->data);
	case RR_TLSA: /* RFC 6698 section 2.2 */
		return digits_text(arena, record->data, 3);
	case RR_DS:
		return digits_text(arena, record->data, 0);
	default:
		return name.p;
	}
}

static enum dns_type dns_type_of(enum rr_type type)
{
	switch (type) {
	case RR_NS:
		return DNS_NS;
	case RR_PTR:
		return DNS_PTR;
	case RR_MX:
		return DNS_MX;
	case RR_TXT:
		return DNS_TXT;
	case RR_AAAA:
		return DNS_AAAA;
	default:
		return DNS_A;
	}
}

/* One record of the answer; false when it can't be read. */
static bool read_record(struct arena *arena, ns_msg *message, const ns_rr *rr,
			enum rr_type type, struct reply *reply)
{
	struct rr *record = &reply->records[reply->n];
	struct dns_record alias;
	struct str data;
	char *room;

	if (!unpack(arena, message, rr, &data))
		return false;
	room = arena_alloc(arena, data.n + 1);
	if (ns_rr_type(*rr) == ns_t_cname) {
		if (!dns_rdata_parse(DNS_PTR, data, room, &alias))
			return false;
		reply->alias = alias.data;
		return true;
	}
	if (ns_rr_type(*rr) != (ns_type)type)
		return true;
	record->data = data;
	if (type != RR_TLSA && type != RR_DS &&
	    !dns_rdata_parse(dns_type_of(type), data, room, &record->dns))
		return false;
	record->text = record_text(arena, type, record);
	reply->n++;
	return true;
}

static int compare_records(const void *left, const void *right)
{
	const struct rr *a = left, *b = right;

	return strcmp(a->text, b->text);
}

/* All records of the name itself. */
static bool read_records(struct arena *arena, ns_msg *message, struct str name,
			 enum rr_type type, struct reply *reply)
{
	int n = ns_msg_count(*message, ns_s_an);
	ns_rr rr;

	reply->records = ARENA_NEW(arena, struct rr, (size_t)n + 1);
	for (int i = 0; i < n; i++) {
		if (ns_parserr(message, ns_s_an, i, &rr) != 0)
			return false;
		if (str_ieq(str_from(ns_rr_name(rr)), name) &&
		    !read_record(arena, message, &rr, type, reply))
			return false;
	}
	qsort(reply->records, reply->n, sizeof(*reply->records),
	      compare_records);
	return true;
}

static void be_lame(struct reply *reply, const char *why)
{
	reply->kind = REPLY_LAME;
	reply->why = why;
}

static void read_reply(struct arena *arena, struct str octets, struct str name,
		       enum rr_type type, struct reply *reply)
{
	ns_msg message;
	int rcode;

	reply->kind = REPLY_ANSWER;
	if (ns_initparse((const unsigned char *)octets.p, (int)octets.n,
			 &message) != 0 ||
	    !read_records(arena, &message, name, type, reply)) {
		be_lame(reply, "answers what can't be read");
		return;
	}
	rcode = ns_msg_getflag(message, ns_f_rcode);
	if (rcode == ns_r_servfail)
		be_lame(reply, "answers SERVFAIL");
	else if (rcode == ns_r_refused)
		be_lame(reply, "answers REFUSED");
	else if (rcode != ns_r_noerror && rcode != ns_r_nxdomain)
		be_lame(reply, arena_printf(arena, "answers rcode %d", rcode));
	else if (!ns_msg_getflag(message, ns_f_aa))
		be_lame(reply, "answers without authority (no AA)");
	reply->status = reply->n || reply->alias.n ? DNS_OK
			: rcode == ns_r_nxdomain   ? DNS_NO_NAME
						   : DNS_NO_DATA;
}

static void be_silent(struct arena *arena, struct reply *reply)
{
	bool timeout = errno == EAGAIN;

	reply->kind = errno == ENETUNREACH || errno == EHOSTUNREACH ||
				      errno == EADDRNOTAVAIL ||
				      errno == EAFNOSUPPORT
			      ? REPLY_UNREACHABLE
			      : REPLY_SILENT;
	reply->why = timeout ? "does not answer"
			     : arena_printf(arena, "does not answer (%s)",
					    strerror(errno));
}

void nameserver_ask(struct arena *arena, const struct ip *server,
		    struct str name, enum rr_type type, struct reply *reply)
{
	char *room = arena_must(malloc(ANSWER_MAX));
	struct str question;
	size_t n;

	*reply = (struct reply){ .alias = STR("") };
	if (!dns_is_name(name)) {
		reply->status = DNS_NO_NAME;
		free(room);
		return;
	}
	question = make_question(arena, name, type);
	n = ask_udp(server, question, room);
	if (n && (room[2] & 0x02)) /* TC */
		n = ask_tcp(arena, server, question, room);
	if (n)
		read_reply(arena, (struct str){ room, n }, name, type, reply);
	else
		be_silent(arena, reply);
	free(room);
}
