package outcome_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"receiptrevoker/tasks/outcome"
)

// named finds, in Go and in Lua, a name that stands behind the namespace.
var named = regexp.MustCompile(`(?:(?:\bkey\(|tasks\.Key\([^"]*, |prefix \+ |prefix \.\. )["']|\}:)([a-z][a-z:-]*)`)

// Whoever adds a key adds it to the list.
func TestEveryKeyIsListed(t *testing.T) {
	t.Parallel()
	var listed []string
	for _, key := range outcome.Keys() {
		name, _, _ := strings.Cut(key.Name, "<")
		listed = append(listed, name)
	}
	used := make(map[string]bool)
	for _, dir := range []string{"../../tasks", "../../worker", "../../enqueue", "../../cmd/internal"} {
		err := filepath.WalkDir(dir, func(path string, file fs.DirEntry, err error) error {
			if err != nil || file.IsDir() || strings.Contains(path, "redistest") || strings.Contains(path, "asynqkeys") ||
				strings.Contains(path, "iamporttest") || !isProduct(path) {
				return err
			}
			text, err := os.ReadFile(path)
			for line := range strings.Lines(string(text)) {
				line, _, _ = strings.Cut(line, "//")
				for _, found := range named.FindAllStringSubmatch(line, -1) {
					if used[found[1]] = true; !slices.Contains(listed, found[1]) {
						t.Errorf("%s uses the key %q, which outcome.Keys does not list", path, found[1])
					}
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(used) < 12 {
		t.Errorf("found only the keys %v", used)
	}
}

// isProduct reports whether a file is part of the product.
func isProduct(path string) bool {
	return filepath.Ext(path) == ".lua" || filepath.Ext(path) == ".go" && !strings.HasSuffix(path, "_test.go")
}
