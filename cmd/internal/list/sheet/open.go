package sheet

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

// IsArchive reports whether head is that of a ZIP archive, an empty one included.
func IsArchive(head []byte) bool {
	return bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("PK\x05\x06"))
}

// wholeFile returns what can be sought in, from its beginning.
func wholeFile(list io.Reader) (*io.SectionReader, bool) {
	file, ok := list.(interface {
		io.ReaderAt
		io.Seeker
	})
	if !ok {
		return nil, false
	}
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, false // a pipe
	}
	return io.NewSectionReader(file, 0, size), true
}

// Open opens a sheet of a workbook, by its name or for "" the first that Excel shows. in is
// what is left of a list that cannot be sought in: that is kept in a temporary file.
func Open(list, in io.Reader, name string) (*Rows, error) {
	if section, ok := wholeFile(list); ok {
		return openSheet(section, section.Size(), name)
	}
	file, err := temporary()
	if err != nil {
		return nil, fmt.Errorf("keep the workbook while it is read: %w", err)
	}
	var rows *Rows
	size, err := io.Copy(file, in)
	if err != nil {
		err = fmt.Errorf("keep the workbook while it is read: %w", err)
	} else if rows, err = openSheet(file, size, name); err == nil {
		rows.file = file
		return rows, nil
	}
	file.Close()
	return nil, err
}

// temporary returns a file that is gone when it is closed.
func temporary() (*os.File, error) {
	file, err := os.CreateTemp("", "revoker-*.list")
	if err == nil {
		_ = os.Remove(file.Name()) // stays readable until it is closed
	}
	return file, err
}
