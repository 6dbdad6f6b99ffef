package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestParsePeak(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]int64{
		"Name:\trevoker\nVmPeak:\t 2247468 kB\nVmHWM:\t   37900 kB\nVmRSS:\t   21516 kB\n": 37900 << 10,
		"VmHWM:\t       0 kB\n":               0,
		"Name:\tzombie\nState:\tZ (zombie)\n": -1,
		"VmHWM:\t some kB\n":                  -1,
	} {
		got, err := parsePeak(status)
		if err != nil {
			got = -1
		}
		if got != want {
			t.Errorf("parsePeak(%q): got %d, want %d", status, got, want)
		}
	}
}

func TestWriteList(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "list.csv")
	if err := writeList(name, 2); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(name)
	want := "imp_uid,pg\nimp_000000000000,kcp\nimp_000000000001,kcp\n"
	if err != nil || string(got) != want {
		t.Errorf("got %q and %v, want %q", got, err, want)
	}
}
