/*
 * channel.h: actors on a channel of package sipc in strict mode
 * (docs/sipc-protocol.md): one that looks into the slot, and those that deal in
 * time, to measure the back channel: one that tells by being late, one that
 * listens, and one that looks whether a sender keeps to ticks. A channel is
 * named by its key path, and waited for.
 *
 * Part of probe.c.
 */
#include <stdint.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/shm.h>

/* A message of the queue. */
struct control {
	long type;
	uint64_t sequence;
	uint32_t length, flags, checksum, zero;
};

enum { DATA = 1, NOOP1 = 2, NOOP2 = 3, END = 6 };
enum { FIRST_AND_LAST = 3, CONTROL_SIZE = sizeof(struct control) - sizeof(long) };

static int64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void sleep_until(int64_t when)
{
	struct timespec t = { .tv_sec = when / 1000000000, .tv_nsec = when % 1000000000 };
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

static int64_t nanoseconds(const char *text)
{
	struct timespec d = duration(text);
	return d.tv_sec * INT64_C(1000000000) + d.tv_nsec;
}

/* Finds the queue of a key path, which may be made a little later. */
static int find_queue(const char *path)
{
	struct timespec moment = { .tv_nsec = 20 * 1000 * 1000 };
	for (int tries = 500;; tries--) {
		key_t key = ftok(path, 'Q');
		int queue = key == -1 ? -1 : msgget(key, 0);
		if (queue >= 0)
			return queue;
		if (errno != ENOENT || tries == 0)
			fail("find the queue of %s", path);
		nanosleep(&moment, NULL);
	}
}

static long take_control(int queue)
{
	struct control message;
	ssize_t got;
	do
		got = msgrcv(queue, &message, CONTROL_SIZE, 0, 0);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		fail("take a message");
	return message.type;
}

static void put_control(int queue, long type, uint64_t sequence, uint32_t flags)
{
	struct control message = { .type = type, .sequence = sequence, .flags = flags };
	int result;
	do
		result = msgsnd(queue, &message, CONTROL_SIZE, 0);
	while (result < 0 && errno == EINTR);
	if (result < 0)
		fail("send a message");
}

static void take_until_end(int queue)
{
	while (take_control(queue) != END)
		;
}

/* slot PATH COUNT: prints what the first bytes of slot 0 hold now, and a line
 * end. */
static void act_slot(int argc, char **argv)
{
	enum { HEADER_SIZE = 4096 };
	if (argc != 2)
		misused("slot");
	size_t count = strtoul(argv[1], NULL, 10);
	key_t key = ftok(argv[0], 'S');
	int segment = key == -1 ? -1 : shmget(key, HEADER_SIZE + count, 0);
	const char *memory = segment < 0 ? (char *)-1 : shmat(segment, NULL, SHM_RDONLY);
	if (memory == (char *)-1)
		fail("attach the segment of %s", argv[0]);
	put(STDOUT_FILENO, memory + HEADER_SIZE, count);
	put(STDOUT_FILENO, "\n", 1);
}

/* tell DUR PATH BITS: takes everything until END; what follows the DATA of a 1
 * it takes so much later. */
static void act_tell(int argc, char **argv)
{
	if (argc != 3)
		misused("tell");
	int64_t late = nanoseconds(argv[0]);
	int queue = find_queue(argv[1]);
	const char *bits = argv[2];
	ready();
	for (long type; (type = take_control(queue)) != END;)
		if (type == DATA && *bits != '\0' && *bits++ == '1')
			sleep_until(now_ns() + late);
}

/* listen DUR PATH COUNT: sends so many empty messages, and prints a 1 for each
 * that took half of DUR or longer, a 0 for each other one. */
static void act_listen(int argc, char **argv)
{
	if (argc != 3)
		misused("listen");
	int64_t late = nanoseconds(argv[0]);
	int queue = find_queue(argv[1]);
	uint64_t count = strtoull(argv[2], NULL, 10);
	ready();
	for (uint64_t i = 0; i < count; i++) {
		int64_t begun = now_ns();
		put_control(queue, DATA, i, FIRST_AND_LAST);
		put_control(queue, NOOP1, i, 0);
		put_control(queue, NOOP2, i, 0);
		put(STDOUT_FILENO, now_ns() - begun >= late / 2 ? "1" : "0", 1);
	}
	put(STDOUT_FILENO, "\n", 1);
	put_control(queue, END, count, 0);
}

/*
 * ticks ROUNDS DUR PATH: how often a sender that has something to send keeps to
 * ticks with DUR in between. Prints "K of ROUNDS", and takes the rest until END.
 *
 * The arrival of a message that somebody waits for is a tick. Two ticks and a
 * quarter later the queue has long been full, and whoever waits for room gets it
 * now, by the take of the message in it. A sender that keeps to ticks notices
 * nothing before the next one.
 */
static void act_ticks(int argc, char **argv)
{
	char line[64];
	if (argc != 3)
		misused("ticks");
	int rounds = atoi(argv[0]), kept = 0;
	int64_t quantum = nanoseconds(argv[1]);
	int queue = find_queue(argv[2]);
	ready();
	take_control(queue);
	for (int i = 0; i < rounds; i++) {
		sleep_until(now_ns() + 2 * quantum + quantum / 4);
		take_control(queue);
		int64_t taken = now_ns();
		if (take_control(queue) == END)
			misused("ticks: the sender has too little to send");
		if (now_ns() - taken > quantum * 3 / 8)
			kept++;
	}
	int length = snprintf(line, sizeof line, "%d of %d\n", kept, rounds);
	put(STDOUT_FILENO, line, (size_t)length);
	take_until_end(queue);
}
