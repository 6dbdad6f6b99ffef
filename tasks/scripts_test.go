package tasks_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A script stands beside the file that runs it and is named like it: discard.lua or
// discard_what.lua beside discard.go.
func TestScriptsStandBesideTheirCallers(t *testing.T) {
	t.Parallel()
	err := filepath.WalkDir("..", func(path string, file fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".lua" {
			return err
		}
		caller := strings.TrimSuffix(path, ".lua") + ".go"
		if _, err := os.Stat(caller); err != nil {
			name, _, _ := strings.Cut(file.Name(), "_")
			caller = filepath.Join(filepath.Dir(path), name+".go")
		}
		text, err := os.ReadFile(caller)
		if err != nil || !strings.Contains(string(text), file.Name()) {
			t.Errorf("%s does not name %s: %v", caller, file.Name(), err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
