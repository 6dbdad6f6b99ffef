package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	luaparse "github.com/yuin/gopher-lua/parse"

	"receiptrevoker/bench/internal/program"
)

// Every mutation is in the product's files as they are, and the product with all of them
// at once can be built: a script or a program that is broken altogether would prove
// nothing.
func TestMutationsAreNotStale(t *testing.T) {
	t.Parallel()
	root, err := program.Root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all := slices.Concat(ofInvariants, ofFaults)
	names := make(map[string]bool)
	var packages []string
	for _, m := range all {
		if names[m.name] {
			t.Errorf("two mutations are named %s", m.name)
		}
		names[m.name] = true
		if dir := "./" + filepath.Dir(m.file); !slices.Contains(packages, dir) {
			packages = append(packages, dir)
		}
		text, err := os.ReadFile(filepath.Join(root, m.file))
		if err != nil {
			t.Error(err)
			continue
		}
		mutated, err := m.apply(string(text))
		if err != nil {
			t.Error(err)
			continue
		}
		if filepath.Ext(m.file) == ".lua" {
			if _, err := luaparse.Parse(bytes.NewBufferString(mutated), m.name); err != nil {
				t.Error(err)
			}
		}
	}
	replaced, err := overlay(root, t.TempDir(), all...)
	if err != nil {
		t.Fatal(err)
	}
	build := exec.CommandContext(t.Context(), "go", append([]string{"build", "-overlay", replaced}, packages...)...)
	build.Dir = root
	if text, err := build.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, text)
	}
}

func TestStaleMutationIsNamed(t *testing.T) {
	t.Parallel()
	m := mutation{name: "some", file: "a.go", old: "x", new: "y"}
	for text, want := range map[string]string{
		"x":   "",
		"y":   "the mutation some is stale: its text is found 0 times in a.go, want once:\nx",
		"x x": "the mutation some is stale: its text is found 2 times in a.go, want once:\nx",
	} {
		_, err := m.apply(text)
		if got := errorText(err); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestReadTellsWhichSeedFailed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		output string
		want   finding
	}{
		"none":           {"began 1\nbegan 2\nended 2\nended 1\nPASS\n", finding{}},
		"an invariant":   {"began 1\nbegan 2\nfailed 2 imp_1: the outcome is dead\n", finding{seed: 2, what: "imp_1: the outcome is dead"}},
		"a panic":        {"began 8\nbegan 9\nbegan 7\nended 7\npanic: deadlock: all wait\n\ngoroutine 1\npanic: 2\n", finding{seed: 8, what: "panic: deadlock: all wait"}},
		"a fatal error":  {"began 1\nfatal error: concurrent map writes\n", finding{seed: 1, what: "fatal error: concurrent map writes"}},
		"of no seed":     {"panic: flag redefined\n", finding{}},
		"other programs": {"began nothing\nended 1\nbegan\n", finding{}},
	} {
		if diff := cmp.Diff(c.want, read(c.output), cmp.AllowUnexported(finding{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
