package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// mutation is a fault that is put back, by replacing one text of one file. A test holds that every
// text is found once, that all mutations build together, and that the scripts of Lua still parse:
// a program that is broken altogether would be detected, and prove nothing. name is what -only
// takes; a name is used once.
type mutation struct {
	name   string
	breaks string // what it breaks, in a sentence
	file   string // from the root of the module
	old    string // the text of that file, found once, that is replaced
	new    string
}

// apply returns the text of the file with the fault. An error says that the mutation is
// stale: the file was changed, and so must the mutation be. A text that is found twice is stale too,
// since it is open which of the places is meant.
func (m mutation) apply(text string) (string, error) {
	if n := strings.Count(text, m.old); n != 1 {
		return "", fmt.Errorf("the mutation %s is stale: its text is found %d times in %s, want once:\n%s",
			m.name, n, m.file, m.old)
	}
	return strings.Replace(text, m.old, m.new, 1), nil
}

// overlay writes a file for go build's -overlay to dir, by which the files of mutations
// are replaced, and returns its name. Mutations of the same file are applied together. Embedded
// scripts are replaced as Go files are. dir has to exist until the build has ended.
func overlay(root, dir string, mutations ...mutation) (string, error) {
	texts := make(map[string]string) // by file
	for _, m := range mutations {
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
	// The copies lie in one directory: a path becomes a name, worker+gate+state.go.
	for file, text := range texts {
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
