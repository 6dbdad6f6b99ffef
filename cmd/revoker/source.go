package main

import (
	"fmt"
	"io"
	"os"
)

// openSource opens a list: a file, or standard input for "-".
func openSource(name string, stdin io.Reader) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(stdin), nil
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("the list cannot be read: %w", err)
	}
	info, err := file.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("the list cannot be read: %s is a folder", name)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}
