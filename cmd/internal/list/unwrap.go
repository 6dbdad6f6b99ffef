package list

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
)

// unwrap returns the text of a list: unpacked, if it is compressed, and if it is a
// workbook, its rows as a CSV.
func (r *Reader) unwrap(list io.Reader, opts Options) (_ io.Reader, err error) {
	in := bufio.NewReader(list)
	if r.unpacking, err = unpack(in); err != nil {
		return nil, err
	}
	if r.unpacking != nil {
		in = bufio.NewReader(r.unpacking)
	}
	head, err := in.Peek(fileHead)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if bytes.HasPrefix(head, []byte(compoundMagic)) {
		return nil, compoundFile(in)
	}
	if !isArchive(head) {
		return in, foreignFile(head)
	}
	if r.unpacking != nil {
		list = in // what is unpacked cannot be sought in
	}
	if r.rows, err = openWorkbook(list, in, opts.Sheet); err != nil {
		return nil, err
	}
	r.format = XLSX
	return r.rows, nil
}

// isArchive reports whether head is that of a ZIP archive, an empty one included.
func isArchive(head []byte) bool {
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

// openWorkbook opens a sheet of a workbook, by its name or for "" the first that Excel shows. in is
// what is left of a list that cannot be sought in: that is kept in a temporary file.
func openWorkbook(list, in io.Reader, name string) (*sheet, error) {
	if section, ok := wholeFile(list); ok {
		return openSheet(section, section.Size(), name)
	}
	file, size, err := keep(in)
	if err != nil {
		return nil, fmt.Errorf("keep the workbook while it is read: %w", err)
	}
	rows, err := openSheet(file, size, name)
	if err != nil {
		file.Close()
		return nil, err
	}
	rows.file = file
	return rows, nil
}

// keep copies what is left of a list to a temporary file, and returns its size.
func keep(in io.Reader) (*os.File, int64, error) {
	file, err := temporary()
	if err != nil {
		return nil, 0, err
	}
	size, err := io.Copy(file, in)
	if err != nil {
		file.Close()
		return nil, 0, err
	}
	return file, size, nil
}

// openSheet opens a sheet of a workbook.
func openSheet(file io.ReaderAt, size int64, name string) (*sheet, error) {
	book, err := openArchive(file, size)
	if err != nil {
		return nil, err
	}
	found, err := book.find(name)
	if err != nil {
		return nil, err
	}
	rows, err := book.open(found)
	if err != nil {
		return nil, err
	}
	rows.sheets, rows.others = len(book.sheets), book.others(found)
	return rows, nil
}
