package host

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"ipclab/internal/guest/api"
	"ipclab/internal/image"
	"ipclab/internal/machine"
	"ipclab/internal/machine/qemu"
	"ipclab/internal/policy"
	"ipclab/labs"
)

// prepareVersion counts changes to what is done before a snapshot is taken.
const prepareVersion = 1

// settleSystem waits until systemd has started everything, so that no clone
// has to.
func settleSystem(ctx context.Context, m *machine.Client) error {
	out, err := m.Output(ctx, "systemctl is-system-running --wait")
	if state := strings.TrimSpace(out); err != nil && state != "degraded" {
		return fmt.Errorf("the machine's systemd ended as %q: %w", state, err)
	}
	// What udev still does is done in every clone again; slow machines stay slow.
	if _, err := m.Output(ctx, "udevadm settle --timeout=60 || true"); err != nil {
		return err
	}
	mode, err := m.Output(ctx, "getenforce")
	if err != nil {
		return err
	}
	if strings.TrimSpace(mode) != "Enforcing" {
		return fmt.Errorf("the machine is %s, not Enforcing", strings.TrimSpace(mode))
	}
	return watchClock(ctx, m)
}

// warmUp runs once what every session runs, so that it is in memory when the
// snapshot is taken.
const warmUp = `set -e
cd /lab/build
printf '#define _GNU_SOURCE\n#include <errno.h>\n#include <fcntl.h>\n#include <signal.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <sys/stat.h>\n#include <unistd.h>\nint main(void){return 0;}\n' >warm.c
printf 'warm: warm.c\n\tcc -O1 -Wall -o warm warm.c\n' >Makefile
make -s
./warm
bash -ic true
/usr/bin/ls -lZ /lab >/dev/null
id -Z >/dev/null
rm -rf warm warm.c Makefile
`

// prepare brings a freshly booted machine to where the lab begins. What it
// takes from the lab must be covered by the lab's MachineDigest.
func (h *Host) prepare(i *image.Image, lab *labs.Lab, pace *pace) qemu.Prepare {
	return func(ctx context.Context, m *machine.Client) error {
		given, err := Modules(lab.FS(), lab.Policy.Given)
		if err != nil {
			return err
		}
		binary, err := h.CompilePolicy(ctx, i, given)
		if err != nil {
			return err
		}
		if err := m.LoadPolicy(ctx, binary); err != nil {
			return err
		}
		if err := m.Reset(ctx, lab.Stage()); err != nil {
			return err
		}
		begun := time.Now()
		if err := warm(ctx, m, lab); err != nil {
			return err
		}
		pace.took = time.Since(begun)
		return nil
	}
}

// referenceWarm is what warming takes on the reference machine: two cores and
// software emulation.
const referenceWarm = 6 * time.Second

// pace is how long warming took: the measure of a machine's speed that time
// limits are scaled by.
type pace struct{ took time.Duration }

// scale is 1 on the reference machine and on faster ones.
func (p *pace) scale() float64 { return max(1, float64(p.took)/float64(referenceWarm)) }

const paceFile = "pace"

// Pace is the factor for time limits in a clone.
func (h *Host) Pace(c *qemu.Clone) float64 {
	data, err := os.ReadFile(filepath.Join(c.Snapshot, paceFile))
	scale, parseErr := strconv.ParseFloat(strings.TrimSpace(string(data)), 64)
	if err != nil || parseErr != nil || scale < 1 {
		return 1
	}
	return scale
}

// warmWait is for a machine that is slower than any that students are given time
// by: how slow it is, is what warming finds out.
const warmWait = 5 * time.Minute

// warm runs a compiler, a shell and the probe.
func warm(ctx context.Context, m *machine.Client, lab *labs.Lab) error {
	if err := warmShell(ctx, m); err != nil {
		return err
	}
	for _, s := range lab.Subjects {
		spec := api.ProbeSpec{Subject: s.Subject, Op: api.OpStat, Path: "/"}
		if _, err := m.Probe(ctx, spec); err != nil {
			return err
		}
	}
	return nil
}

func warmShell(ctx context.Context, m *machine.Client) error {
	var diag strings.Builder
	spec := api.RunSpec{ID: "warm", Argv: []string{"/bin/bash", "-c", warmUp}, Subject: api.Subject{User: machine.Student},
		Limits: api.Limits{Wall: warmWait}}
	p, err := m.Start(ctx, spec, nil, &diag, &diag)
	if err != nil {
		return err
	}
	exit, err := p.Wait()
	if err != nil {
		return err
	}
	if exit.Cause != api.CauseExit || exit.Code != 0 {
		return fmt.Errorf("the machine cannot compile a program: %s %d: %s", exit.Cause, exit.Code, diag.String())
	}
	return nil
}

// keepPolicies bounds the cache of compiled policies to about 100 MB.
const keepPolicies = 50

// Modules reads policy modules. Their names are what mistakes are reported by.
func Modules(fsys fs.FS, names []string) ([]policy.Module, error) {
	var modules []policy.Module
	for _, name := range names {
		source, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("policy module: %w", err)
		}
		modules = append(modules, policy.Module{File: name, Source: source})
	}
	return modules, nil
}

// CompilePolicy compiles modules together with the image's whole policy, or
// takes the result from the cache. Mistakes in a module are *policy.SyntaxError
// and *policy.CompileError.
func (h *Host) CompilePolicy(ctx context.Context, i *image.Image, modules []policy.Module) ([]byte, error) {
	base, err := os.ReadFile(i.BasePolicy())
	if err != nil {
		return nil, err
	}
	all := append([]policy.Module{{File: "ipclab.cil", Source: base}}, modules...)
	cache := policy.Cache{Dir: filepath.Join(h.Dirs.Cache, "policies"), Keep: keepPolicies}
	return cache.Compile(ctx, h.Secilc, i.FlatPolicy(), i.FlatDigest(), all)
}
