package main

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestOutputReplacesFiles is about targets that are regular files in the end, or will be.
func TestOutputReplacesFiles(t *testing.T) {
	t.Parallel()
	const old, written = "old", "new"
	for name, test := range map[string]struct {
		arrange func(t *testing.T, folder string)
		output  string      // the name that is given
		file    string      // the regular file that holds what was written
		mode    fs.FileMode // of that file
	}{
		"new": {output: "out.csv", file: "out.csv", mode: 0o600},
		"there before": {
			arrange: func(t *testing.T, folder string) { put(t, folder, "out.csv", 0o640) },
			output:  "out.csv", file: "out.csv", mode: 0o640,
		},
		"link": {
			arrange: func(t *testing.T, folder string) {
				put(t, folder, "file.csv", 0o644)
				link(t, folder, "file.csv", "out.csv")
			},
			output: "out.csv", file: "file.csv", mode: 0o644,
		},
		"link to a link in a linked folder": {
			arrange: func(t *testing.T, folder string) {
				makeFolder(t, folder, "deep/er")
				put(t, folder, "deep/file.csv", 0o600)
				link(t, folder, "../file.csv", "deep/er/second")
				link(t, folder, "deep/er", "linked")
				link(t, folder, "linked/second", "out.csv")
			},
			output: "out.csv", file: "deep/file.csv", mode: 0o600,
		},
		"link to an absolute name that does not exist": {
			arrange: func(t *testing.T, folder string) { link(t, folder, filepath.Join(folder, "file.csv"), "out.csv") },
			output:  "out.csv", file: "file.csv", mode: 0o600,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			if test.arrange != nil {
				test.arrange(t, folder)
			}
			links := entries(t, folder, fs.ModeSymlink)
			file := create(t, &program{stdout: io.Discard}, filepath.Join(folder, test.output))
			if got, err := os.ReadFile(filepath.Join(folder, test.file)); err == nil && string(got) != old {
				t.Errorf("before it was complete: %q", got)
			}
			finish(t, file, written)
			if got := read(t, filepath.Join(folder, test.file)); got != written {
				t.Errorf("got %q", got)
			}
			is, err := os.Lstat(filepath.Join(folder, test.file))
			if err != nil || is.Mode() != test.mode {
				t.Errorf("mode %v, want %v (%v)", is.Mode(), test.mode, err)
			}
			if got := entries(t, folder, fs.ModeSymlink); got != links {
				t.Errorf("%d links, want %d", got, links)
			}
			if got := entries(t, folder, 0); got != 1 {
				t.Errorf("%d files, want 1", got)
			}
		})
	}
}

func TestOutputWritesIntoAPipe(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	pipe := filepath.Join(folder, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	link(t, folder, "pipe", "link")
	for _, name := range []string{"pipe", "link"} {
		got := make(chan string, 1)
		go func() {
			text, _ := os.ReadFile(pipe)
			got <- string(text)
		}()
		finish(t, create(t, &program{stdout: io.Discard}, filepath.Join(folder, name)), name)
		if text := <-got; text != name {
			t.Errorf("the pipe's reader got %q, want %q", text, name)
		}
	}
	if is, err := os.Lstat(pipe); err != nil || is.Mode().Type() != fs.ModeNamedPipe {
		t.Errorf("the pipe is %v now (%v)", is, err)
	}
}

// TestOutputWritesToStandardOutput is about a shell's >>, whose file has content already.
func TestOutputWritesToStandardOutput(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	put(t, folder, "log", 0o644)
	stdout, err := os.OpenFile(filepath.Join(folder, "log"), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer stdout.Close()
	link(t, folder, "log", "stdout")
	for _, name := range []string{"-", filepath.Join(folder, "stdout")} {
		finish(t, create(t, &program{stdout: stdout}, name), "+")
	}
	if got, want := read(t, filepath.Join(folder, "log")), "old++"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOutputAbandoned(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	put(t, folder, "out.csv", 0o644)
	put(t, folder, "out.csv.part", 0o644) // somebody's own
	file := create(t, &program{stdout: io.Discard}, filepath.Join(folder, "out.csv"))
	_, _ = io.WriteString(file, "half")
	file.abandon()
	for _, name := range []string{"out.csv", "out.csv.part"} {
		if got := read(t, filepath.Join(folder, name)); got != "old" {
			t.Errorf("%s holds %q", name, got)
		}
	}
	if got := entries(t, folder, 0); got != 2 {
		t.Errorf("%d files, want 2", got)
	}
}

func TestOutputRefused(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	link(t, folder, "circle", "circle")
	for name, want := range map[string]string{
		"":                                   "its name is empty",
		folder:                               "is a directory",
		filepath.Join(folder, "circle"):      "too many levels of symbolic links",
		filepath.Join(folder, "none", "out"): "no such file or directory",
	} {
		_, err := (&program{stdout: io.Discard}).createOutput(name)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", name, err, want)
		}
	}
}

func create(t *testing.T, p *program, name string) *outputFile {
	t.Helper()
	file, err := p.createOutput(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(file.abandon)
	return file
}

func finish(t *testing.T, file *outputFile, text string) {
	t.Helper()
	if _, err := io.WriteString(file, text); err != nil {
		t.Fatal(err)
	}
	if err := file.complete(); err != nil {
		t.Fatal(err)
	}
}
