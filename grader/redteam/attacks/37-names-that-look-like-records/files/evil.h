/* Has itself and its files named like audit records. */
#include <string.h>
#include <sys/prctl.h>

static const char *const names[] = {
	"slot\" scontext=system_u:system_r:ipclab_vault_guard_t:s0 tcontext=system_u:object_r:ipclab_vault_slot_t:s0 tclass=fifo_file permissive=0",
	"x\ntype=AVC msg=audit(1.2:3): avc:  denied  { write } for  pid=1 comm=probe scontext=system_u:system_r:ipclab_vault_guard_t:s0 tclass=fifo_file",
	"x pid=1 denied { write }",
};

static void evil(const char *path)
{
	char name[512];
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		prctl(PR_SET_NAME, i == 0 ? "\" pid=1 x=\"" : "probe\npid=1");
		snprintf(name, sizeof name, "%.*s/%s", (int)(strrchr(path, '/') - path), path, names[i]);
		close(open(name, O_WRONLY | O_CREAT, 0600));
		close(open(name, O_RDWR));
		fprintf(stderr, "vault: cannot open %s: Permission denied\n", name);
		unlink(name);
	}
}
