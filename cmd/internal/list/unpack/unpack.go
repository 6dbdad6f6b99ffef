// Package unpack unpacks lists that are compressed with gzip or zstd.
package unpack

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"receiptrevoker/cmd/internal/list/decode"
	"receiptrevoker/cmd/internal/list/fault"
	"receiptrevoker/cmd/internal/list/plain"
)

// maxWindow bounds the memory in which zstd looks back: 64 MiB, what its level 21
// needs. Levels up to 19, and its default of 3, need 8 MiB at most.
const maxWindow = 64 << 20

// dropMarkBefore drops a byte-order mark that a tool has put before compressed data.
func dropMarkBefore(in *bufio.Reader) {
	head, _ := in.Peek(len(decode.UTF8Mark) + 4) // an error comes again
	rest, ok := bytes.CutPrefix(head, []byte(decode.UTF8Mark))
	if ok && (bytes.HasPrefix(rest, gzipMagic) || isZstd(rest)) {
		_, _ = in.Discard(len(decode.UTF8Mark)) // cannot fail: the bytes are in the buffer
	}
}

// Open returns what a list holds if it is compressed, by its first bytes: with gzip or
// zstd. Several parts one after another are read as one. It returns nil if it is neither.
func Open(in *bufio.Reader) (*Stream, error) {
	dropMarkBefore(in)
	head, err := in.Peek(4)
	if err != nil && err != io.EOF {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(head, gzipMagic):
		members, err := newGzipMembers(in)
		if err != nil {
			return nil, damaged("gzip", err)
		}
		return &Stream{in: members, With: "gzip"}, nil
	case isZstd(head):
		packed := &tail{in: in}
		unpacked, err := zstd.NewReader(packed, zstd.WithDecoderConcurrency(1), // which starts no goroutine
			zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, damaged("zstd", err)
		}
		return &Stream{in: unpacked, With: "zstd", packed: packed}, nil
	}
	return nil, nil
}

// isZstd reports whether head begins a frame of RFC 8878, section 3.1, or one that
// is to be skipped, which pzstd writes first.
func isZstd(head []byte) bool {
	return bytes.HasPrefix(head, []byte("\x28\xB5\x2F\xFD")) ||
		len(head) == 4 && head[0]&0xF0 == 0x50 && string(head[1:]) == "\x2A\x4D\x18"
}

// Stream says of what could not be unpacked how it was compressed.
type Stream struct {
	in       io.Reader
	With     string
	packed   *tail // of zstd, whose reader does not pass over padding
	any      bool  // something was unpacked
	trailed  bool  // what follows the compressed data is none
	reported bool
}

// Read reads what is unpacked. It ends where something follows that is not compressed.
func (u *Stream) Read(p []byte) (int, error) {
	n, err := u.in.Read(p)
	u.any = u.any || n > 0
	switch {
	case err == nil || err == io.EOF:
		return n, err
	case err == errTrailing, errors.Is(err, zstd.ErrMagicMismatch) && u.any:
		u.trailed = u.trailed || err == errTrailing || !u.packed.padded(len(u.packed.last)) // once read, the rest is gone
		return n, io.EOF
	case errors.Is(err, io.ErrUnexpectedEOF) && u.any && u.packed.stray() > 0:
		u.trailed = u.trailed || !u.packed.padded(u.packed.stray())
		return n, io.EOF
	}
	return n, damaged(u.With, err)
}

// padding are the bytes that may follow compressed data: zero bytes, and what ends a text.
const padding = plain.Blanks + "\x00"

// tail remembers the last bytes that were read, as many as tell a frame of zstd, and for how many
// its reader asked at a time.
type tail struct {
	in    io.Reader
	last  [4]byte
	asked [3]int // the last one at the end
	got   int    // of the last one
}

// Read reads, and remembers.
func (t *tail) Read(p []byte) (int, error) {
	if t.got == 0 || len(p) != t.asked[2]-t.got { // not the rest of what was asked for
		t.asked, t.got = [3]int{t.asked[1], t.asked[2], len(p)}, 0
	}
	n, err := t.in.Read(p)
	t.got += n
	for _, b := range p[max(0, n-len(t.last)):n] {
		copy(t.last[:], t.last[1:])
		t.last[len(t.last)-1] = b
	}
	return n, err
}

// stray returns how many bytes, fewer than a frame begins with, stand after the last frame. It is 0 where
// they may belong to one that is cut: klauspost/compress asks for a frame's first byte and three more, and
// within a frame for one and three after it has asked for one or three.
func (t *tail) stray() int {
	if t == nil || t.asked[0] == 1 || t.asked[0] == 3 || t.asked[1] != 1 || t.asked[2] != 3 {
		return 0
	}
	return t.asked[1] + t.got
}

// padded reports whether the last n bytes that were read, and all after them, are padding.
func (t *tail) padded(n int) bool {
	for rest := t.last[len(t.last)-n:]; ; {
		if len(bytes.Trim(rest, padding)) > 0 {
			return false
		}
		buffer := make([]byte, 4<<10)
		n, err := t.in.Read(buffer)
		if rest = buffer[:n]; n == 0 && err != nil {
			return err == io.EOF
		}
	}
}

// Trailing returns an error, once, if something follows the compressed data, which may be a
// part of the list that is damaged.
func (u *Stream) Trailing() error {
	if u == nil || !u.trailed || u.reported {
		return nil
	}
	u.reported = true
	return fmt.Errorf("what follows the %s data is not compressed with it, and cannot be read: "+
		"is a part of the list damaged?", u.With)
}

// damaged returns the error for compressed data that cannot be unpacked.
func damaged(with string, err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), err == io.EOF:
		err = fmt.Errorf("the %s file is cut short, its end is missing: copy or make it again: %w",
			with, io.ErrUnexpectedEOF)
	case errors.Is(err, zstd.ErrWindowSizeExceeded):
		err = fmt.Errorf("the zstd file needs more than 64 MiB to unpack: make it again without --ultra and --long: %w", err)
	default:
		err = fmt.Errorf("the %s file cannot be unpacked: %w", with, err)
	}
	return fault.Broken(err)
}
