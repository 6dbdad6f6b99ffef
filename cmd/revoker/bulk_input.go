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

// bulkInput is a list that is being read. Where its source can be sought in, it can be read again.
type bulkInput struct {
	name   string       // as given on the command line, "-" for standard input; for messages
	reader *list.Reader // the reading under way, which again and rewind begin anew

	source  io.ReadCloser
	options list.Options // must be the same in each reading: rows by another column are another list
}

// openInput opens a list. With twice, a pipe or standard input is first copied to a temporary file,
// so that it can be read again: for the report, and after a question.
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

// newInput begins to read a list from a source, which it closes if that fails. It waits for the first
// 64 KiB of the list, from which [list.NewReader] finds encoding, separator and header. The caller
// closes the input.
func newInput(name string, source io.ReadCloser, options list.Options) (*bulkInput, error) {
	reader, err := list.NewReader(source, options)
	if err != nil {
		source.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &bulkInput{name: name, reader: reader, source: source, options: options}, nil
}

// close ends the reading. The reader goes first: of a workbook it may keep a temporary file.
func (i *bulkInput) close() {
	_ = i.reader.Close()
	_ = i.source.Close()
}

// rereadable reports whether the list can be read again: a file, or the temporary copy of a pipe. A
// file that the shell gives as standard input is none, since it does not come as an [*os.File].
func (i *bulkInput) rereadable() bool {
	file, ok := i.source.(*os.File)
	return ok && regular(file)
}

// regular reports whether a file is one on a disk. A pipe that has a name, such as /dev/stdin or that
// of a shell's <(…), is opened as a file, too, and can be read only once.
func regular(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode().IsRegular()
}

// again begins to read the list once more from its beginning. The reader before must not be read any
// further, since both have one source. The caller closes the new one.
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

// rewind makes the input's own reader begin again. Its suspects and notes begin again as well: what
// was to be told of the first reading must have been told, or is found once more by the next.
func (i *bulkInput) rewind() error {
	reader, err := i.again()
	if err != nil {
		return err
	}
	_ = i.reader.Close()
	i.reader = reader
	return nil
}

// contradictions reads a list that can be read again to its end, and returns which of its lines
// contradict each other; nil of any other list, in which the first of such lines is requested. It
// shows its progress on out. Where the list cannot be read on, it returns no error: the next
// reading meets the same error and reports it.
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
// shows on out how far it has come. A million lines take about a second, and 29 MB while it reads.
// The only error is that Ctrl-C stopped it; reader.err has that of the list.
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

// foreign says how the list is written, unless that is plain UTF-8: ", read as EUC-KR (CP949)". Where
// names in a report look wrong, that shows whether the list was understood.
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

// openTwice returns a list that can be read again: a file as it is, all else as a copy in a temporary
// file, for which the folder of TMPDIR needs room. It reads such a list to its end before it returns.
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
	// The open file stays readable without its name, and is gone however the process ends.
	_ = os.Remove(spool.Name())
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

// openSource opens a list: a file, or standard input for "-", which stays open when the list is
// closed: it belongs to the program.
func openSource(name string, stdin io.Reader) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(stdin), nil
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("the list cannot be read: %w", err)
	}
	// Opening a folder works, and reading it would end with a message that does not name the mistake.
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
