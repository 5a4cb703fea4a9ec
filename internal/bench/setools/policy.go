package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"ipclab/internal/flow"
	"ipclab/internal/host"
	"ipclab/internal/image"
	"ipclab/internal/policy"
	"ipclab/internal/policy/model"
	"ipclab/labs"
	"ipclab/scenarios"
	sipc "ipclab/sipc/policy"
)

// group is the types that belong together: those of a lab or of a scenario.
type group struct {
	name    string
	types   []string
	modules []policy.Module
}

// groups are those of the labs, of sipc and of the scenarios' library.
func groups() ([]group, error) {
	all := []group{{name: "sipc", modules: []policy.Module{{File: "sipc.cil", Source: sipc.Module()}}}}
	catalog, err := labs.NewCatalog(labs.Embedded())
	if err != nil {
		return nil, err
	}
	for _, lab := range catalog.All() {
		given, err := host.Modules(lab.FS(), lab.Policy.Given)
		if err != nil {
			return nil, err
		}
		solved, err := host.Modules(lab.Solution(), lab.Policy.Student)
		if err != nil {
			return nil, err
		}
		all = append(all, group{name: "lab " + lab.Name, modules: slices.Concat(given, solved)})
	}
	for _, s := range scenarios.Library().All() {
		modules, err := s.Modules()
		if err != nil {
			return nil, err
		}
		g := group{name: "scenario " + s.Name}
		for _, m := range modules {
			g.modules = append(g.modules, policy.Module{File: s.Name + "/" + m.File, Source: m.Source})
		}
		all = append(all, g)
	}
	for i := range all {
		if err := all[i].declare(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// declare finds the types that a group's modules declare.
func (g *group) declare() error {
	for _, m := range g.modules {
		for s, err := range policy.Statements(m.File, m.Source) {
			if err != nil {
				return err
			}
			if n := s.Node(); n.Keyword() == "type" && len(n.List) == 2 {
				g.types = append(g.types, n.List[1].Text)
			}
		}
	}
	return nil
}

// prepared is what both programs begin with: one compiled policy.
type prepared struct {
	binary string // the compiled policy
	cil    string // the same, as checkpolicy writes it
	perms  string // ipclab's permission map, in setools' form
	groups []group
	model  *model.Model
}

// prepare compiles the image's policy with all groups' modules into dir.
func prepare(ctx context.Context, h *host.Host, dir string) (*prepared, error) {
	i, err := h.Image(ctx)
	if err != nil {
		return nil, err
	}
	p := &prepared{binary: filepath.Join(dir, "policy"), cil: filepath.Join(dir, "policy.cil"), perms: filepath.Join(dir, "perm_map")}
	if p.groups, err = groups(); err != nil {
		return nil, err
	}
	if err := p.compile(ctx, h, i); err != nil {
		return nil, err
	}
	source, err := os.ReadFile(p.cil)
	if err != nil {
		return nil, err
	}
	p.model = model.New()
	if err := p.model.Read([]policy.Module{{File: "policy.cil", Source: source}}); err != nil {
		return nil, err
	}
	perms, err := flow.DefaultMap()
	if err != nil {
		return nil, err
	}
	return p, os.WriteFile(p.perms, []byte(permMap(p.model, perms)), 0o600)
}

// compile makes the compiled policy, and CIL of it again.
func (p *prepared) compile(ctx context.Context, h *host.Host, i *image.Image) error {
	var modules []policy.Module
	for _, g := range p.groups {
		modules = append(modules, g.modules...)
	}
	binary, err := h.CompilePolicy(ctx, i, modules)
	if err != nil {
		return err
	}
	if err := os.WriteFile(p.binary, binary, 0o600); err != nil {
		return err
	}
	_, err = costOf(decompiler(ctx, p.binary, p.cil))
	return err
}

// decompiler is the command that writes a compiled policy as CIL.
func decompiler(ctx context.Context, binary, cil string) *exec.Cmd {
	return exec.CommandContext(ctx, "checkpolicy", "-M", "-b", "-C", "-o", cil, binary)
}

// permMap writes ipclab's permission map in setools' form, every weight the same.
// What goes over a place of the whole machine setools cannot say.
func permMap(m *model.Model, perms *flow.Map) string {
	var b strings.Builder
	classes := m.Classes()
	fmt.Fprintf(&b, "%d\n", len(classes))
	for _, class := range classes {
		names := m.Permissions(class)
		fmt.Fprintf(&b, "class %s %d\n", class, len(names))
		for _, name := range names {
			p, _ := perms.Permission(class, name)
			var d flow.Direction
			for _, f := range p.Flows {
				if f.Medium == "" {
					d |= f.Dir
				}
			}
			fmt.Fprintf(&b, "  %s %c 10\n", name, "nrwb"[d])
		}
	}
	return b.String()
}
