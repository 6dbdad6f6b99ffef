package main

import (
	"fmt"
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
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			if test.arrange != nil {
				test.arrange(t, folder)
			}
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
	got := make(chan string, 1)
	go func() {
		text, _ := os.ReadFile(pipe)
		got <- string(text)
	}()
	finish(t, create(t, &program{stdout: io.Discard}, pipe), "new")
	if text := <-got; text != "new" {
		t.Errorf("the pipe's reader got %q", text)
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
		filepath.Join(folder, "circle"):      "is a symbolic link, which is not followed: name the file itself, circle",
		filepath.Join(folder, "none", "out"): "no such file or directory",
	} {
		_, err := (&program{stdout: io.Discard}).createOutput(name)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", name, err, want)
		}
	}
}

// Whoever may write into a folder lays a link where an export will be, or where its part file was in
// earlier versions: the file that it leads to stays as it is, and nothing is written elsewhere.
func TestOutputFollowsNoLink(t *testing.T) {
	t.Parallel()
	for name, to := range map[string]string{
		"to a file": "keys", "to nothing": "none", "in two steps": "second", "to a folder": "inbox", "to a pipe": "pipe",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			put(t, folder, "keys", 0o600)
			makeFolder(t, folder, "inbox")
			if err := syscall.Mkfifo(filepath.Join(folder, "pipe"), 0o600); err != nil {
				t.Fatal(err)
			}
			link(t, folder, "keys", "second")
			link(t, folder, filepath.Join(folder, to), "out.csv")
			_, err := (&program{stdout: io.Discard}).createOutput(filepath.Join(folder, "out.csv"))
			if want := "name the file itself, " + filepath.Join(folder, to); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
			if got := read(t, filepath.Join(folder, "keys")); got != "old" {
				t.Errorf("the file behind the link holds %q", got)
			}
			if got := entries(t, folder, 0); got != 1 {
				t.Errorf("%d files, want 1", got)
			}
		})
	}
}

// A link that takes the name's place while the export is written is replaced, not followed; one that
// waits where earlier versions had their part file is never opened.
func TestOutputReplacesALinkThatCameMeanwhile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	put(t, folder, "keys", 0o600)
	link(t, folder, "keys", "out.csv.part")
	file := create(t, &program{stdout: io.Discard}, filepath.Join(folder, "out.csv"))
	link(t, folder, "keys", "out.csv")
	finish(t, file, "new")
	if keys, out := read(t, filepath.Join(folder, "keys")), read(t, filepath.Join(folder, "out.csv")); keys != "old" || out != "new" {
		t.Errorf("the file behind the link holds %q, the export %q", keys, out)
	}
	if is, err := os.Lstat(filepath.Join(folder, "out.csv")); err != nil || is.Mode() != 0o600 {
		t.Errorf("the export is %v (%v), want a regular file of mode 0600", is.Mode(), err)
	}
}

// The links of the system lead to pipes too, such as /dev/fd/63 of bash' >(…).
func TestOutputWritesThroughLinksOfTheSystem(t *testing.T) {
	t.Parallel()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	finish(t, create(t, &program{stdout: io.Discard}, fmt.Sprintf("/dev/fd/%d", writer.Fd())), "new")
	writer.Close()
	if got, err := io.ReadAll(reader); err != nil || string(got) != "new" {
		t.Errorf("got %q (%v)", got, err)
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
