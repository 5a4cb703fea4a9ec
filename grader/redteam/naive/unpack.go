package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// unpack puts a submission, a folder or an archive, into a folder.
func unpack(from, to string) error {
	switch {
	case strings.HasSuffix(from, ".zip"):
		return unzip(from, to)
	case strings.HasSuffix(from, ".tar"), strings.HasSuffix(from, ".tar.gz"):
		return untar(from, to)
	}
	out, err := exec.Command("cp", "-R", from+"/.", to).CombinedOutput()
	if err != nil {
		return fmt.Errorf("cp: %s", out)
	}
	return nil
}

func unzip(from, to string) error {
	z, err := zip.OpenReader(from)
	if err != nil {
		return err
	}
	defer z.Close()
	for _, f := range z.File {
		in, err := f.Open()
		if err != nil {
			return err
		}
		if err := put(filepath.Join(to, f.Name), in, f.FileInfo().IsDir()); err != nil {
			return err
		}
	}
	return nil
}

func untar(from, to string) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	var in io.Reader = f
	if strings.HasSuffix(from, ".gz") {
		if in, err = gzip.NewReader(f); err != nil {
			return err
		}
	}
	for t := tar.NewReader(in); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := extract(t, h, filepath.Join(to, h.Name)); err != nil {
			return err
		}
	}
}

func extract(t *tar.Reader, h *tar.Header, to string) error {
	switch h.Typeflag {
	case tar.TypeSymlink:
		return os.Symlink(h.Linkname, to)
	case tar.TypeLink:
		return os.Link(h.Linkname, to)
	case tar.TypeReg:
		return put(to, t, false)
	case tar.TypeDir:
		return put(to, nil, true)
	}
	kind := map[byte]string{tar.TypeFifo: "p", tar.TypeChar: "c", tar.TypeBlock: "b"}[h.Typeflag]
	args := []string{"-m", "0666", to, kind}
	if kind != "p" {
		args = append(args, fmt.Sprint(h.Devmajor), fmt.Sprint(h.Devminor))
	}
	return exec.Command("mknod", args...).Run()
}

func put(to string, from io.Reader, dir bool) error {
	if dir {
		return os.MkdirAll(to, 0o755)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	return errors.Join(err, f.Close())
}
