package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// put makes a file that holds "old".
func put(t *testing.T, folder, name string, mode fs.FileMode) {
	t.Helper()
	name = filepath.Join(folder, name)
	if err := os.WriteFile(name, []byte("old"), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(name, mode); err != nil { // whatever the umask is
		t.Fatal(err)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func link(t *testing.T, folder, to, name string) {
	t.Helper()
	if err := os.Symlink(to, filepath.Join(folder, name)); err != nil {
		t.Fatal(err)
	}
}

func makeFolder(t *testing.T, folder, name string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(folder, name), 0o700); err != nil {
		t.Fatal(err)
	}
}

// entries returns how many files of a type there are below a folder; 0 is a regular file.
func entries(t *testing.T, folder string, of fs.FileMode) (n int) {
	t.Helper()
	err := filepath.WalkDir(folder, func(_ string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type() == of {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
