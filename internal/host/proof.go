package host

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"

	"ipclab/internal/draft"
	"ipclab/internal/image"
	"ipclab/internal/policy"
	"ipclab/internal/proof"
)

// proofVersion counts changes to how policies are proved.
const proofVersion = 1

// ProvePolicy tries to prove that the image's policy with modules, and with all
// that a review in the scope lets pass, keeps student code from what judges it.
// A proof that holds is remembered. Mistakes in a module are
// *policy.SyntaxError and *model.UnreadError.
func (h *Host) ProvePolicy(ctx context.Context, i *image.Image, modules []policy.Module, scope policy.Scope) (*proof.Proof, error) {
	base, err := os.ReadFile(i.BasePolicy())
	if err != nil {
		return nil, err
	}
	remembered := filepath.Join(h.Dirs.Cache, "proofs", key(proofVersion, proof.Claims(), i.FlatDigest(), base, modules, scope)+".json")
	var p proof.Proof
	if data, err := os.ReadFile(remembered); err == nil && json.Unmarshal(data, &p) == nil && len(p.Claims) > 0 {
		return &p, nil
	}
	whole, err := WholePolicy(i)
	if err != nil {
		return nil, err
	}
	question := proof.Question{Base: whole, Modules: modules, Scope: scope}
	found, err := question.Prove()
	if err == nil && found.Holds() && ctx.Err() == nil {
		remember(remembered, found)
	}
	return found, err
}

// WholePolicy reads the policy of an image: the distribution's, ipclab's own
// on top of it, and these modules on top of both.
func WholePolicy(i *image.Image, modules ...policy.Module) ([]policy.Module, error) {
	flat, err := os.ReadFile(i.FlatPolicy())
	if err != nil {
		return nil, err
	}
	base, err := os.ReadFile(i.BasePolicy())
	if err != nil {
		return nil, err
	}
	return append([]policy.Module{{File: "Debian's policy", Source: flat}, {File: "ipclab.cil", Source: base}}, modules...), nil
}

// remember keeps a proof. Where it cannot be written, the next time takes a
// second again.
func remember(path string, p *proof.Proof) {
	_ = draft.WriteJSON(path, p, 0o600, draft.Derived)
}
