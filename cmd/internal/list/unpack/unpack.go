// Package unpack unpacks lists that are compressed with gzip or zstd, piece by piece: a list is never
// held whole. What is cut short or damaged is never taken for the end of a list.
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

// maxWindow bounds the memory in which zstd looks back: 64 MiB, what its level 21 needs. Levels up to
// 19, and its default of 3, need 8 MiB at most. The library's own bound is 512 MiB
// (zstd.MaxWindowSize), which a file of a few bytes may ask for.
const maxWindow = 64 << 20

// dropMarkBefore drops a byte-order mark that a tool has put before compressed data, as for a text.
// With it in front the data would not be recognised.
func dropMarkBefore(in *bufio.Reader) {
	head, _ := in.Peek(len(decode.UTF8Mark) + 4) // an error comes again
	rest, ok := bytes.CutPrefix(head, []byte(decode.UTF8Mark))
	if ok && (bytes.HasPrefix(rest, gzipMagic) || isZstd(rest)) {
		_, _ = in.Discard(len(decode.UTF8Mark)) // cannot fail: the bytes are in the buffer
	}
}

// Open returns what a list holds if it is compressed, by its first bytes and not by its name: with gzip
// or zstd. Several parts one after another are read as one, as `cat a.gz b.gz` and pzstd write them. It
// returns nil if it is neither, and then has taken nothing from in.
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
		// With a concurrency of 1 it starts no goroutine (Reset in zstd/decoder.go), which would have to be
		// ended where the reading stops early.
		unpacked, err := zstd.NewReader(packed, zstd.WithDecoderConcurrency(1),
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

// Stream is what a compressed list holds, in the form of an [io.Reader]. A nil Stream is a list that is
// not compressed: Trailing may be called on it.
type Stream struct {
	in io.Reader
	// With is what the list is compressed with, gzip or zstd.
	With   string
	packed *tail // of zstd, whose reader does not pass over padding
	// any says that something was unpacked: before that, what is no frame makes the whole list unreadable.
	any bool
	// trailed says that what follows the compressed data is not compressed, and no padding.
	trailed  bool
	reported bool
}

// Read reads what is unpacked. It ends with io.EOF where something follows that is not compressed,
// which [Stream.Trailing] then tells of: what was unpacked before is a valid part of the list. Any
// other error matches fault.ErrBroken, unless it is the file's.
func (u *Stream) Read(p []byte) (int, error) {
	n, err := u.in.Read(p)
	u.any = u.any || n > 0
	switch {
	case err == nil || err == io.EOF:
		return n, err
	case err == errTrailing, errors.Is(err, zstd.ErrMagicMismatch) && u.any:
		// Four bytes follow that begin no frame. Once they are read, they are gone: tail has kept them.
		u.trailed = u.trailed || err == errTrailing || !u.packed.padded(len(u.packed.last))
		return n, io.EOF
	// Fewer than four bytes follow, of which the reader of zstd says the same as of a frame that is cut. A
	// line end that an editor or echo has added is not reported, a cut frame is.
	case errors.Is(err, io.ErrUnexpectedEOF) && u.any && u.packed.stray() > 0:
		u.trailed = u.trailed || !u.packed.padded(u.packed.stray())
		return n, io.EOF
	}
	return n, damaged(u.With, err)
}

// padding are the bytes that may follow compressed data: zero bytes, with which tapes and disks fill up
// their blocks, and what ends a text.
const padding = plain.Blanks + "\x00"

// tail remembers the last bytes that were read, as many as tell a frame of zstd, and for how many its
// reader asked at a time. By both it is found, after the reader has failed, what it failed at.
type tail struct {
	in   io.Reader
	last [4]byte
	// asked are the sizes of the last three reads that the decoder has begun, the latest at the end.
	asked [3]int
	// got is how many bytes the latest of them has got so far.
	got int
}

// Read reads, and remembers. io.ReadFull asks again for the rest of what it did not get: that continues
// the same read.
func (t *tail) Read(p []byte) (int, error) {
	if t.got == 0 || len(p) != t.asked[2]-t.got {
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

// stray returns how many bytes, fewer than a frame begins with, stand after the last frame. It is 0
// where they may belong to one that is cut: klauspost/compress wants a frame's first byte and then
// three more (reset in zstd/framedec.go), and within a frame one and three after it has wanted one or
// three. So 1 and then 3, with neither before them, are the beginning of a frame. If an update of the
// library reads in other steps, a list with a line end behind its data is reported as cut short, and
// compressed_test.go fails.
func (t *tail) stray() int {
	if t == nil || t.asked[0] == 1 || t.asked[0] == 3 || t.asked[1] != 1 || t.asked[2] != 3 {
		return 0
	}
	return t.asked[1] + t.got
}

// padded reports whether the last n bytes that were read, and all after them, are padding. It reads to
// the end, since a part of the list may stand behind 10,000 zero bytes.
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

// Trailing returns an error, once, if something follows the compressed data, which may be a part of the
// list that is damaged. It is known after Read has returned io.EOF.
func (u *Stream) Trailing() error {
	if u == nil || !u.trailed || u.reported {
		return nil
	}
	u.reported = true
	return fmt.Errorf("what follows the %s data is not compressed with it, and cannot be read: "+
		"is a part of the list damaged?", u.With)
}

// damaged returns the error for compressed data that cannot be unpacked. It matches fault.ErrBroken:
// the same file will fail again, and has to be copied or made anew. An error of the file itself is
// returned as it is.
func damaged(with string, err error) error {
	switch {
	case fault.OfFile(err):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), err == io.EOF:
		err = fmt.Errorf("the %s file is cut short, its end is missing: copy or make it again: %w",
			with, io.ErrUnexpectedEOF)
	// Level 22 and --long look back 128 MiB and more.
	case errors.Is(err, zstd.ErrWindowSizeExceeded):
		err = fmt.Errorf("the zstd file needs more than 64 MiB to unpack: make it again without --ultra and --long: %w", err)
	default:
		err = fmt.Errorf("the %s file cannot be unpacked: %w", with, err)
	}
	return fault.Broken(err)
}
