package sheet

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
)

const (
	// textMemory is how many bytes of shared texts are held in memory: 16 MiB. Excel writes texts in the
	// order in which they first occurred, so those that are used again and again are among the first.
	textMemory = 16 << 20
	// maxTexts bounds the shared texts of a workbook: 2 GiB. Where they end is kept in 32 bits, 4 bytes a
	// text.
	maxTexts = math.MaxInt32
	// offsetChunk is how many texts a chunk of offsets is for: 256 KiB of them.
	offsetChunk = 1 << 16
	// textWindow is how much of the file is read at once. In Excel's order the text of the next cell
	// mostly stands close behind that of the last.
	textWindow = 4 << 10
)

var errTexts = errors.New("it has more than 2 GiB of texts: save it as CSV UTF-8")

// sharedTexts are the texts that cells refer to by number, each of them once (ECMA-376 part 1, 18.4).
// Excel writes all texts so. The first are held in memory, the rest in a temporary file: a million rows
// with other texts in each cell take little memory.
type sharedTexts struct {
	count  int
	ends   [][]uint32 // where each text ends, in chunks, which need no copying to grow
	memory []byte
	file   *os.File // nil while all fit into memory
	out    *bufio.Writer
	size   int    // bytes of all texts
	window []byte // what was last read from the file
	from   int    // where the window begins, in all texts
}

// load reads the part that holds the texts, all before the first row: a cell may refer to any of them.
func (t *sharedTexts) load(in *xmlReader) error {
	var text richText
	for {
		token, err := in.next()
		switch {
		case err == io.EOF && t.out != nil:
			return t.out.Flush()
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
		text.token(token)
		if e, ok := token.(xml.EndElement); ok && e.Name.Local == "si" {
			if err := t.add(text.end()); err != nil {
				return fmt.Errorf("keep the texts of the workbook: %w", err)
			}
			text.begin()
		}
	}
}

// add adds a text.
func (t *sharedTexts) add(text []byte) (err error) {
	if t.size += len(text); t.size > maxTexts {
		return errTexts
	}
	if t.count%offsetChunk == 0 {
		t.ends = append(t.ends, make([]uint32, offsetChunk))
	}
	t.ends[t.count/offsetChunk][t.count%offsetChunk] = uint32(t.size)
	t.count++
	if t.size <= textMemory {
		t.memory = append(t.memory, text...)
		return nil
	}
	// t.out is flushed at the end of load, before the first text is read back.
	if t.file == nil {
		t.file, err = temporary()
		t.out = bufio.NewWriterSize(t.file, textMemory/16)
	}
	if err == nil {
		_, err = t.out.Write(text)
	}
	return err
}

// has reports whether there is a text of that number, from 0.
func (t *sharedTexts) has(i int) bool { return i >= 0 && i < t.count }

// at returns a text that there is, see has, valid until the next call. The error is that of its file.
func (t *sharedTexts) at(i int) ([]byte, error) {
	from, end := t.end(i-1), t.end(i)
	if end <= len(t.memory) {
		return t.memory[from:end], nil
	}
	// The window begins with the text that is wanted: the next ones stand behind it.
	if from < t.from || end > t.from+len(t.window) {
		window := make([]byte, max(textWindow, end-from))
		n, err := t.file.ReadAt(window, int64(from-len(t.memory)))
		if err != nil && err != io.EOF || n < end-from {
			return nil, fmt.Errorf("read the texts of the workbook again: %w", err)
		}
		t.window, t.from = window[:n], from
	}
	return t.window[from-t.from : end-t.from], nil
}

// end returns where a text ends in all texts, 0 for the one before the first.
func (t *sharedTexts) end(i int) int {
	if i < 0 {
		return 0
	}
	return int(t.ends[i/offsetChunk][i%offsetChunk])
}

// close removes what was kept.
func (t *sharedTexts) close() {
	if t.file != nil {
		t.file.Close()
	}
}

// temporary returns a file that is gone when it is closed, also if the process is killed: it has no
// name any more. On a system that does not remove open files it stays until it is removed by hand.
func temporary() (*os.File, error) {
	file, err := os.CreateTemp("", "revoker-*.list")
	if err == nil {
		_ = os.Remove(file.Name())
	}
	return file, err
}
