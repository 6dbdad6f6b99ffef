package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// mutation is a fault that is put back: a text of one file, and the text that takes its place. Both
// are code as it is in the file, so that a comment between two lines of old makes a mutation stale.
type mutation struct {
	name   string
	breaks string // what it breaks, in a sentence
	file   string // from the root of the module
	old    string // the text of that file, found once, that is replaced
	new    string
}

// apply returns the text of the file with the fault. An error says that the mutation is stale: the
// file was changed, and so must the mutation be. The text must be found exactly once, or it is not
// known which place is broken.
func (m mutation) apply(text string) (string, error) {
	if n := strings.Count(text, m.old); n != 1 {
		return "", fmt.Errorf("the mutation %s is stale: its text is found %d times in %s, want once:\n%s",
			m.name, n, m.file, m.old)
	}
	return strings.Replace(text, m.old, m.new, 1), nil
}

// overlay writes a file for go build's -overlay to dir, by which the files of mutations are
// replaced, and returns its name. Mutations of the same file are applied together. Embedded scripts
// are replaced in the same way as Go files.
func overlay(root, dir string, mutations ...mutation) (string, error) {
	texts := make(map[string]string) // by file
	for _, m := range mutations {
		// A mutation of a file that another one has changed builds on that change.
		text, changed := texts[m.file]
		if !changed {
			original, err := os.ReadFile(filepath.Join(root, m.file))
			if err != nil {
				return "", fmt.Errorf("the mutation %s is stale: %w", m.name, err)
			}
			text = string(original)
		}
		text, err := m.apply(text)
		if err != nil {
			return "", err
		}
		texts[m.file] = text
	}
	replace := make(map[string]string)
	for file, text := range texts {
		// Slashes become plus signs, so that two files of the same name in different folders
		// differ.
		copied := filepath.Join(dir, strings.ReplaceAll(file, "/", "+"))
		if err := os.WriteFile(copied, []byte(text), 0o600); err != nil {
			return "", err
		}
		replace[filepath.Join(root, file)] = copied
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "overlay.json")
	return name, os.WriteFile(name, list, 0o600)
}
