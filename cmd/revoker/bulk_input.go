package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"receiptrevoker/cmd/internal/list"
	"receiptrevoker/enqueue"
)

// bulkInput is the list that is asked for.
type bulkInput struct {
	name   string
	reader *list.Reader

	source  io.ReadCloser
	options list.Options
}

// openInput opens a list, such that it can be read a second time if that is
// asked for.
func (p *program) openInput(name string, options list.Options, twice bool) (*bulkInput, error) {
	open := openSource
	if twice {
		open = openTwice
	}
	source, err := open(name, p.stdin)
	if err != nil {
		return nil, err
	}
	return newInput(name, source, options)
}

// newInput begins to read a list from a source, which it closes if that fails.
func newInput(name string, source io.ReadCloser, options list.Options) (*bulkInput, error) {
	reader, err := list.NewReader(source, options)
	if err != nil {
		source.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &bulkInput{name: name, reader: reader, source: source, options: options}, nil
}

func (i *bulkInput) close() {
	_ = i.reader.Close()
	_ = i.source.Close()
}

// rereadable reports whether the list is a file that can be read again.
func (i *bulkInput) rereadable() bool {
	file, ok := i.source.(*os.File)
	return ok && regular(file)
}

// regular reports whether a file is one on a disk: no pipe and no terminal.
func regular(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode().IsRegular()
}

// again begins to read the list once more. The reader is to be closed.
func (i *bulkInput) again() (*list.Reader, error) {
	seeker, ok := i.source.(io.Seeker)
	if !ok {
		return nil, fmt.Errorf("%s can be read only once", i.name)
	}
	if _, err := seeker.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("read the list again: %w", err)
	}
	return list.NewReader(i.source, i.options)
}

// rewind lets the list be read from its beginning.
func (i *bulkInput) rewind() error {
	reader, err := i.again()
	if err != nil {
		return err
	}
	_ = i.reader.Close()
	i.reader = reader
	return nil
}

// contradictions reads a list that can be read again to its end, and returns which of its
// lines contradict each other; nil of any other list.
func (i *bulkInput) contradictions(ctx context.Context, out io.Writer) (*enqueue.Contradictions, error) {
	if !i.rereadable() {
		return nil, nil
	}
	wrong, err := readThrough(ctx, &lineReader{list: i.reader}, out)
	if err != nil {
		return nil, err
	}
	return wrong, i.rewind()
}

// readThrough reads a list to its end, and returns which of its lines contradict each other. It
// shows on out how far it has come.
func readThrough(ctx context.Context, reader *lineReader, out io.Writer) (*enqueue.Contradictions, error) {
	progress := newCounter(out, "lines looked at")
	defer progress.end()
	wrong := enqueue.FindContradictions(func(yield func(enqueue.Line) bool) {
		for line := range reader.lines {
			if progress.add(); ctx.Err() != nil || !yield(line) {
				return
			}
		}
	})
	if ctx.Err() != nil {
		return nil, errors.New("stopped: nothing was asked for")
	}
	return wrong, nil
}

// foreign says how the list is written, unless that is plain UTF-8.
func (i *bulkInput) foreign() string {
	layout, said := i.reader.Layout(), ""
	if layout.Compression != "" {
		said += ", unpacked from " + layout.Compression
	}
	if layout.Sheets > 1 {
		said += fmt.Sprintf(", sheet %q of %d sheets", layout.Sheet, layout.Sheets)
	}
	if !strings.HasPrefix(layout.Encoding, "UTF-8") {
		said += ", read as " + layout.Encoding
	}
	return said
}

// openTwice returns a list whose beginning can be sought again: a file as it is,
// anything else by way of a temporary file, which is gone when closed.
func openTwice(name string, stdin io.Reader) (io.ReadCloser, error) {
	source, err := openSource(name, stdin)
	if err != nil {
		return nil, err
	}
	if file, ok := source.(*os.File); ok && regular(file) {
		return file, nil
	}
	defer source.Close()
	spool, err := os.CreateTemp("", "revoker-*.list")
	if err != nil {
		return nil, fmt.Errorf("keep the list to read it again: %w", err)
	}
	_ = os.Remove(spool.Name()) // stays readable until it is closed
	_, err = io.Copy(spool, source)
	if err == nil {
		_, err = spool.Seek(0, io.SeekStart)
	}
	if err != nil {
		spool.Close()
		return nil, fmt.Errorf("keep the list to read it again: %w", err)
	}
	return spool, nil
}

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

// garbagePercent bounds what a list of a million leaves behind before it is
// collected, beside the imp_uids that are remembered.
const garbagePercent = 25
