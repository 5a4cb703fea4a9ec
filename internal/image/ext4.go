package image

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// labelling of the agent's names; what setfiles would give them.
const (
	agentPath  = "/usr/lib/ipclab/agent"
	agentLabel = "system_u:object_r:ipclab_agent_exec_t:s0"
	sftpPath   = "/usr/lib/ipclab/sftp"
	sftpLabel  = "system_u:object_r:bin_t:s0"
	sipcPath   = "/usr/lib/ipclab/sipc"
	sipcLabel  = "system_u:object_r:ipclab_probe_exec_t:s0"
)

// label writes SELinux labels into an ext4 image. An ordinary user may not set
// security.* attributes on files, but may write them into a file system image.
// listing is what `setfiles -nv -r root` printed about the unlabelled tree.
func label(ctx context.Context, disk, root string, listing io.Reader) error {
	var commands bytes.Buffer
	count := 0
	lines := bufio.NewScanner(listing)
	for lines.Scan() {
		path, context, ok := relabelLine(lines.Text(), root)
		if !ok {
			continue
		}
		if strings.ContainsAny(path, "\"\n") {
			return fmt.Errorf("label %q: a file name that debugfs cannot take", path)
		}
		fmt.Fprintf(&commands, "ea_set \"%s\" security.selinux \"%s\\000\"\n", path, context)
		count++
	}
	if err := lines.Err(); err != nil {
		return err
	}
	if count < 1000 {
		return fmt.Errorf("setfiles named only %d files: is the policy's file_contexts whole?", count)
	}
	return debugfs(ctx, disk, &commands)
}

// relabelLine reads "Would relabel ROOT/PATH from CONTEXT to CONTEXT".
func relabelLine(line, root string) (path, context string, ok bool) {
	rest, ok := strings.CutPrefix(line, "Would relabel "+root)
	if !ok {
		return "", "", false
	}
	at := strings.LastIndex(rest, " to ")
	from := strings.LastIndex(rest[:max(at, 0)], " from ")
	if at < 0 || from < 0 {
		return "", "", false
	}
	path = rest[:from]
	if path == "" {
		path = "/"
	}
	return path, rest[at+len(" to "):], true
}

// debugfs runs commands on an image (debugfs(8)). It always exits with 0 and
// tells failures on stderr, after a line with its version.
func debugfs(ctx context.Context, disk string, commands io.Reader) error {
	tool, err := FindTool("debugfs")
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, tool, "-w", "-f", "-", disk)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "DEBUGFS_PAGER=cat")
	cmd.Stdin = commands
	var diag bytes.Buffer
	cmd.Stderr = &diag
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("debugfs: %w: %.300s", err, &diag)
	}
	_, rest, _ := strings.Cut(diag.String(), "\n")
	first, _, _ := strings.Cut(strings.TrimSpace(rest), "\n")
	if first != "" {
		return fmt.Errorf("debugfs: %s", strings.TrimPrefix(first, "debugfs: "))
	}
	return nil
}

// injectAgent puts the guest's program into an image, under all of its names.
// It replaces what a former version left. Nobody but root may read them: the
// kernel then keeps the process of whoever runs them from being traced or
// looked into by others of the same user (ptrace(2), "dumpable").
func injectAgent(ctx context.Context, disk, agent string) error {
	removal := fmt.Sprintf("rm %s\nrm %s\nrm %s\n", agentPath, sftpPath, sipcPath)
	_ = debugfs(ctx, disk, strings.NewReader(removal)) // in a fresh image they are not there
	var commands bytes.Buffer
	for path, label := range map[string]string{agentPath: agentLabel, sftpPath: sftpLabel, sipcPath: sipcLabel} {
		fmt.Fprintf(&commands, "write %s %s\n", agent, path)
		fmt.Fprintf(&commands, "set_inode_field %s mode 0100711\n", path)
		fmt.Fprintf(&commands, "set_inode_field %s uid 0\nset_inode_field %s gid 0\n", path, path)
		fmt.Fprintf(&commands, "ea_set %s security.selinux \"%s\\000\"\n", path, label)
	}
	return debugfs(ctx, disk, &commands)
}
