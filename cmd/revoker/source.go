package main

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"receiptrevoker/cmd/internal/list"
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

// openTwice returns a list that can be read once more with again: a file as it
// is, anything else by way of a temporary file, which is gone when closed.
func openTwice(name string, stdin io.Reader) (source io.ReadCloser, again func() error, err error) {
	source, err = openSource(name, stdin)
	if err != nil {
		return nil, nil, err
	}
	if file, ok := source.(*os.File); ok {
		if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
			return file, rewind(file), nil
		}
	}
	defer source.Close()
	spool, err := os.CreateTemp("", "revoker-*.list")
	if err != nil {
		return nil, nil, fmt.Errorf("keep the list for the report: %w", err)
	}
	_ = os.Remove(spool.Name()) // stays readable until it is closed
	if _, err := io.Copy(spool, source); err != nil {
		spool.Close()
		return nil, nil, fmt.Errorf("keep the list for the report: %w", err)
	}
	if err := rewind(spool)(); err != nil {
		spool.Close()
		return nil, nil, err
	}
	return spool, rewind(spool), nil
}

func rewind(file *os.File) func() error {
	return func() error {
		_, err := file.Seek(0, io.SeekStart)
		return err
	}
}

// rows yields a list's rows. A line that cannot be used comes as a
// [*list.LineError]; any other error ends it.
func rows(reader *list.Reader) iter.Seq2[list.Row, error] {
	return func(yield func(list.Row, error) bool) {
		for {
			row, err := reader.Read()
			if errors.Is(err, io.EOF) {
				return
			}
			var bad *list.LineError
			if !yield(row, err) || err != nil && !errors.As(err, &bad) {
				return
			}
		}
	}
}
