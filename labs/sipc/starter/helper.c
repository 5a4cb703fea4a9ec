/*
 * helper PATH SIZE: makes a channel for the key path PATH with a slot of SIZE
 * bytes, prints its descriptor, and ends. It makes both objects, or none.
 *
 * Exit codes: 0 the channel is made, 1 trouble.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include "channel.h"

enum { MODE = 0660 };

static int segment = -1, queue = -1; /* what has been made */

/* Ends the program. */
static _Noreturn void give_up(const char *what)
{
	fprintf(stderr, "helper: cannot %s: %s\n", what, strerror(errno));
	/* TODO step 1: take back what has been made, and nothing else. */
	exit(TROUBLE);
}

static uint64_t size_of(const char *text)
{
	char *end;
	errno = 0;
	unsigned long long size = strtoull(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || size < SIPC_SLOT_UNIT || size % SIPC_SLOT_UNIT != 0 || size > 1 << 30) {
		fprintf(stderr, "helper: a slot's size is a multiple of %d\n", SIPC_SLOT_UNIT);
		exit(TROUBLE);
	}
	return size;
}

static void make_segment(const char *path, uint64_t size, gid_t group)
{
	/* TODO step 1: make it with the key of SIPC_SEGMENT, write the header, and
	 * give it its group. */
	(void)path;
	(void)size;
	(void)group;
	(void)MODE;
	(void)segment;
	errno = ENOSYS;
	give_up("make the segment");
}

static void make_queue(const char *path, gid_t group)
{
	/* TODO step 1: make it with the key of SIPC_QUEUE, give it its group, and
	 * set its capacity. */
	(void)path;
	(void)group;
	errno = ENOSYS;
	give_up("make the queue");
}

int main(int argc, char **argv)
{
	struct stat st;
	if (argc != 3) {
		fprintf(stderr, "usage: helper PATH SIZE\n");
		return TROUBLE;
	}
	uint64_t size = size_of(argv[2]);
	if (stat(argv[1], &st) != 0)
		give_up("look at the key path");
	make_segment(argv[1], size, st.st_gid);
	make_queue(argv[1], st.st_gid);
	if (printf("sipc:1:%d:%d\n", queue, segment) < 0 || fflush(stdout) != 0)
		give_up("print the descriptor");
	return 0;
}
