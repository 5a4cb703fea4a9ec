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

/* Takes back what has been made, and ends. What was there before is somebody
 * else's. */
static _Noreturn void give_up(const char *what)
{
	fprintf(stderr, "helper: cannot %s: %s\n", what, strerror(errno));
	if (queue >= 0)
		msgctl(queue, IPC_RMID, NULL);
	if (segment >= 0)
		shmctl(segment, IPC_RMID, NULL);
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

/* Without IPC_EXCL the helper would take an object for its own that somebody
 * else made, with his mode and his type. */
static void make_segment(const char *path, uint64_t size, gid_t group)
{
	segment = shmget(key_of(path, SIPC_SEGMENT), SIPC_HEADER_SIZE + size, IPC_CREAT | IPC_EXCL | MODE);
	if (segment < 0)
		give_up("make the segment");
	struct sipc_header *header = shmat(segment, NULL, 0);
	if (header == (void *)-1)
		give_up("attach the segment");
	*header = (struct sipc_header){
		.magic = SIPC_MAGIC, .mode = SIPC_STRICT, .capacity = 1, .slots = 1,
		.slot_size = size, .slot_offset = SIPC_HEADER_SIZE,
	};
	shmdt(header);
	struct shmid_ds change = { .shm_perm = { .uid = geteuid(), .gid = group, .mode = MODE } };
	if (shmctl(segment, IPC_SET, &change) != 0)
		give_up("give the segment to the group");
}

/* The capacity is what makes a send wait for the receiver. */
static void make_queue(const char *path, gid_t group)
{
	queue = msgget(key_of(path, SIPC_QUEUE), IPC_CREAT | IPC_EXCL | MODE);
	if (queue < 0)
		give_up("make the queue");
	struct msqid_ds change = {
		.msg_perm = { .uid = geteuid(), .gid = group, .mode = MODE },
		.msg_qbytes = SIPC_BODY_SIZE,
	};
	if (msgctl(queue, IPC_SET, &change) != 0)
		give_up("set the queue's capacity");
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
