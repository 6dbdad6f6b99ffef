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
	if section, ok := wholeFile(list); ok && r.unpacking == nil {
		return r.openSheet(section, section.Size(), opts.Sheet)
	}
	file, err := keep(in)
	if err != nil {
		return nil, fmt.Errorf("keep the workbook while it is read: %w", err)
	}
	r.closers = append(r.closers, file)
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("keep the workbook while it is read: %w", err)
	}
	return r.openSheet(file, info.Size(), opts.Sheet)
}

// openSheet opens a sheet of a workbook.
func (r *Reader) openSheet(file io.ReaderAt, size int64, name string) (io.Reader, error) {
	book, err := openArchive(file, size)
	if err != nil {
		return nil, err
	}
	sheet, err := book.find(name)
	if err != nil {
		return nil, err
	}
	rows, err := book.open(sheet)
	if err != nil {
		return nil, err
	}
	r.closers, r.rows = append(r.closers, rows), rows
	r.format, r.sheet, r.sheets, r.others = XLSX, sheet.name, len(book.sheets), book.others(sheet)
	return rows, nil
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

// keep copies what is left of a list to a temporary file.
func keep(in io.Reader) (*os.File, error) {
	file, err := temporary()
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(file, in); err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}
