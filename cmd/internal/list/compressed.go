package list

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// maxWindow bounds the memory in which zstd looks back: 64 MiB, what its level 21
// needs. Levels up to 19, and its default of 3, need 8 MiB at most.
const maxWindow = 64 << 20

// unpack returns what a list holds if it is compressed, by its first bytes, and
// what with: gzip, zstd or "". Several parts one after another are read as one.
func unpack(in *bufio.Reader) (io.Reader, string, error) {
	head, err := in.Peek(4)
	if err != nil && err != io.EOF {
		return nil, "", err
	}
	switch {
	case bytes.HasPrefix(head, []byte("\x1F\x8B")):
		unpacked, err := gzip.NewReader(in)
		if err != nil {
			return nil, "", damaged("gzip", err)
		}
		return &unpacking{unpacked, "gzip"}, "gzip", nil
	case isZstd(head):
		unpacked, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), // which starts no goroutine
			zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, "", damaged("zstd", err)
		}
		return &unpacking{unpacked, "zstd"}, "zstd", nil
	}
	return in, "", nil
}

// isZstd reports whether head begins a frame of RFC 8878, section 3.1, or one that
// is to be skipped, which pzstd writes first.
func isZstd(head []byte) bool {
	return bytes.HasPrefix(head, []byte("\x28\xB5\x2F\xFD")) ||
		len(head) == 4 && head[0]&0xF0 == 0x50 && string(head[1:]) == "\x2A\x4D\x18"
}

// unpacking says of what could not be unpacked how it was compressed.
type unpacking struct {
	in   io.Reader
	with string
}

// Read reads what is unpacked.
func (u *unpacking) Read(p []byte) (int, error) {
	n, err := u.in.Read(p)
	if err != nil && err != io.EOF {
		err = damaged(u.with, err)
	}
	return n, err
}

// damaged returns the error for compressed data that cannot be unpacked.
func damaged(with string, err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), err == io.EOF:
		return fmt.Errorf("the %s file is cut short, its end is missing: copy or make it again: %w",
			with, io.ErrUnexpectedEOF)
	case errors.Is(err, zstd.ErrWindowSizeExceeded):
		return fmt.Errorf("the zstd file needs more than 64 MiB to unpack: make it again without --ultra and --long: %w", err)
	}
	return fmt.Errorf("the %s file cannot be unpacked: %w", with, err)
}
