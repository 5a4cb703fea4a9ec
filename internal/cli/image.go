package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"ipclab/internal/host"
	"ipclab/internal/image"
)

func newImage(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "image", Short: "Build the machines' image, or carry it to another computer",
		Long: "The image is what every machine boots from. `ipclab start` builds it when it is first\n" +
			"needed, which takes two minutes and a network. A computer without network gets it from\n" +
			"another one: `ipclab image export FILE` there, `ipclab image import FILE` here.",
	}
	c.AddCommand(newImageBuild(a), newImageInfo(a), newImageExport(a), newImageImport(a), newImageClean(a))
	return c
}

// imageLine is an image as JSON shows it.
type imageLine struct {
	State     string    `json:"state"` // ready, none, damaged
	Damage    string    `json:"damage,omitempty"`
	Verified  bool      `json:"verified"` // every checksum was compared
	Key       string    `json:"key,omitempty"`
	Dir       string    `json:"dir,omitempty"`
	Kernel    string    `json:"kernel,omitempty"`
	Packages  int       `json:"packages,omitempty"`
	Built     time.Time `json:"built,omitzero"`
	Size      int64     `json:"size,omitempty"` // bytes on disk
	Obsolete  []stale   `json:"obsolete"`
	Snapshots int       `json:"snapshots"` // of this image
}

// stale is something in the cache that this ipclab does not use.
type stale struct {
	Path string `json:"path"`
	Size int64  `json:"size"` // bytes on disk
}

func newImageBuild(a *app) *cobra.Command {
	var force bool
	c := &cobra.Command{
		Use: "build", Short: "Build the image, unless it is there", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			h, err := a.host()
			if err != nil {
				return err
			}
			begun := time.Now()
			before, _ := h.Images().Find()
			i, err := h.Images().Ensure(c.Context(), force, h.Progress)
			if err != nil {
				return err
			}
			a.showBuilt(i, before != nil && i.Built.Equal(before.Built), time.Since(begun))
			return nil
		},
	}
	c.Flags().BoolVar(&force, "force", false, "build it anew even if it is there and whole")
	return c
}

func (a *app) showBuilt(i *image.Image, old bool, took time.Duration) {
	how := fmt.Sprintf("ready after %.1f s", took.Seconds())
	if old {
		how = "there already"
	}
	fmt.Fprintf(a.out, "The image is %s: %s, %d packages, kernel %s\n  in %s\n", how, image.Bytes(i.Size()), i.Packages, i.Kernel, i.Dir)
}

func newImageInfo(a *app) *cobra.Command {
	var verify bool
	c := &cobra.Command{
		Use: "info", Short: "Show the image and what else the cache holds", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			h, err := a.host()
			if err != nil {
				return err
			}
			line, err := describeImage(h, verify)
			if err != nil {
				return err
			}
			if err := a.showImage(line); err != nil || line.State != stateDamaged {
				return err
			}
			return &exitError{codeMachine}
		},
	}
	c.Flags().BoolVar(&verify, "verify", false, "compare every file with its checksum (some seconds)")
	return a.withJSON(c)
}

// States of an image.
const (
	stateReady   = "ready"
	stateNone    = "none"
	stateDamaged = "damaged"
)

// describeImage looks at the image and at what is left of others.
func describeImage(h *host.Host, verify bool) (imageLine, error) {
	i, err := h.Images().Find()
	if err == nil && verify {
		err = i.Verify()
	}
	line := imageLine{State: stateReady, Verified: verify && err == nil}
	var damaged *image.DamagedError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		line.State = stateNone
	case errors.As(err, &damaged):
		line.State, line.Damage = stateDamaged, damaged.What
	case err != nil:
		return line, err
	}
	if i != nil {
		line.Key, line.Dir, line.Kernel, line.Packages, line.Built, line.Size = i.Key, i.Dir, i.Kernel, i.Packages, i.Built, i.Size()
	}
	line.Obsolete, err = staleFiles(h)
	if err == nil {
		line.Snapshots, err = countSnapshots(h, line.Obsolete)
	}
	return line, err
}

// staleFiles lists images and snapshots that this ipclab does not use.
func staleFiles(h *host.Host) ([]stale, error) {
	list := []stale{}
	images, err := h.Images().Obsolete()
	if err != nil {
		return nil, err
	}
	snapshots, err := h.ObsoleteSnapshots()
	for _, dir := range append(images, snapshots...) {
		list = append(list, stale{dir, image.DiskUse(dir)})
	}
	return list, err
}

func countSnapshots(h *host.Host, obsolete []stale) (int, error) {
	all, err := h.AllSnapshots()
	count := len(all)
	for _, dir := range all {
		for _, s := range obsolete {
			if s.Path == dir {
				count--
			}
		}
	}
	return count, err
}

func (a *app) showImage(l imageLine) error {
	if a.json {
		return printJSON(a.out, l)
	}
	switch l.State {
	case stateNone:
		fmt.Fprintln(a.out, "There is no image yet. `ipclab image build` makes it; so does the first `ipclab start`.")
	case stateDamaged:
		fmt.Fprintf(a.out, "The image is %s: %s\nhint: `ipclab image build` makes it anew\n", a.style.bad("damaged"), l.Damage)
	}
	if l.Key != "" {
		a.showReady(l)
	}
	a.showStale(l.Obsolete)
	return nil
}

func (a *app) showReady(l imageLine) {
	files := "as they were, by size and time (--verify compares their checksums)"
	if l.Verified {
		files = "all match their checksums"
	}
	if l.State == stateDamaged {
		files = l.Damage
	}
	fmt.Fprintf(a.out, "key        %s\nfolder     %s\nkernel     %s\npackages   %d\nbuilt      %s\nsize       %s on disk\nfiles      %s\nsnapshots  %d\n",
		l.Key, l.Dir, l.Kernel, l.Packages, l.Built.Local().Format("2006-01-02 15:04"), image.Bytes(l.Size), files, l.Snapshots)
}

func (a *app) showStale(list []stale) {
	if len(list) == 0 {
		return
	}
	var sum int64
	fmt.Fprintln(a.out, "\nNot used by this ipclab:")
	for _, s := range list {
		fmt.Fprintf(a.out, "  %8s  %s\n", image.Bytes(s.Size), s.Path)
		sum += s.Size
	}
	fmt.Fprintf(a.out, "  `ipclab image clean` removes them: %s\n", image.Bytes(sum))
}

func newImageExport(a *app) *cobra.Command {
	var force bool
	c := &cobra.Command{
		Use: "export FILE", Short: "Write the image into one file, for a computer without network",
		Args: exactly(1, "the file to write"),
		RunE: func(c *cobra.Command, args []string) error {
			h, err := a.host()
			if err != nil {
				return err
			}
			path, err := filepath.Abs(args[0])
			if err != nil {
				return err
			}
			i, err := h.Image(c.Context())
			if err != nil {
				return err
			}
			made, err := i.Export(c.Context(), path, force, h.Progress)
			if err != nil {
				return err
			}
			fmt.Fprintf(a.out, "%s: %s\nsha256 %s (also in %s.sha256)\nThere: ipclab image import %s\n",
				made.Path, image.Bytes(made.Size), made.SHA256, made.Path, filepath.Base(made.Path))
			return nil
		},
	}
	c.Flags().BoolVar(&force, "force", false, "replace the file if it is there")
	return c
}

func newImageImport(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "import FILE", Short: "Take the image from a file that export made",
		Long: "import takes the image from a file that `ipclab image export` made with the same version of\n" +
			"ipclab. If FILE.sha256 lies beside it, the file must match it.",
		Args: exactly(1, "the file to read"),
		RunE: func(c *cobra.Command, args []string) error {
			h, err := a.host()
			if err != nil {
				return err
			}
			begun := time.Now()
			i, err := h.Images().Import(c.Context(), args[0], h.Progress)
			if err != nil {
				return err
			}
			a.showBuilt(i, false, time.Since(begun))
			if !exists(args[0] + ".sha256") {
				fmt.Fprintf(a.out, "There was no %s.sha256 to compare the file with.\n", args[0])
			}
			return nil
		},
	}
}

func newImageClean(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "clean", Short: "Remove images and snapshots that this ipclab does not use", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			h, err := a.host()
			if err != nil {
				return err
			}
			before, err := staleFiles(h)
			if err != nil {
				return err
			}
			for _, dir := range h.Images().Leftovers() {
				before = append(before, stale{dir, image.DiskUse(dir)})
			}
			kept, err := h.Clean(c.Context())
			a.showCleaned(before, kept)
			return err
		},
	}
}

// showCleaned says what is gone, by looking.
func (a *app) showCleaned(before []stale, kept []string) {
	removed := false
	for _, s := range before {
		if !exists(s.Path) {
			fmt.Fprintf(a.out, "removed %s (%s)\n", s.Path, image.Bytes(s.Size))
			removed = true
		}
	}
	for _, path := range kept {
		fmt.Fprintf(a.out, "kept %s: a running machine uses it (`ipclab stop --all`)\n", path)
	}
	if !removed && len(kept) == 0 {
		fmt.Fprintln(a.out, "There is nothing to remove.")
	}
}
