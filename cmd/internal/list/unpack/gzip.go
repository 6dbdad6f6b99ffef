package unpack

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
)

var (
	// gzipMagic begins each member of a gzip file, RFC 1952, section 2.3.1.
	gzipMagic = []byte("\x1F\x8B")

	// errTrailing never leaves the package: Stream turns it into the end of the list, and
	// [Stream.Trailing].
	errTrailing = errors.New("something follows the compressed data")
)

// gzipMembers reads the members of a gzip file one after another. Unlike [gzip.Reader] alone, which
// ends with gzip.ErrHeader at whatever follows a member, it passes over zero bytes behind them, with
// which tapes and disks fill up their blocks, and over line ends, and tells what else follows from a
// member that is damaged.
type gzipMembers struct {
	in     *bufio.Reader
	member *gzip.Reader
}

// newGzipMembers begins with the first member. The error is that of its header.
func newGzipMembers(in *bufio.Reader) (*gzipMembers, error) {
	member, err := gzip.NewReader(in)
	if err != nil {
		return nil, err
	}
	member.Multistream(false)
	return &gzipMembers{in, member}, nil
}

// Read reads what is unpacked. The error is errTrailing if what follows the last member is none. The
// checksum of a member is compared at its end, so that all of a list is read before it is known good.
func (g *gzipMembers) Read(p []byte) (int, error) {
	n, err := g.member.Read(p)
	if err == io.EOF {
		err = g.next()
	}
	return n, err
}

// next moves to the next member. The error is io.EOF if there is none.
func (g *gzipMembers) next() error {
	for {
		b, err := g.in.ReadByte()
		if err != nil {
			return err
		}
		if strings.IndexByte(padding, b) < 0 {
			_ = g.in.UnreadByte() // cannot fail after ReadByte
			break
		}
	}
	head, err := g.in.Peek(len(gzipMagic))
	if err != nil && err != io.EOF {
		return err
	}
	// One byte of the two is enough to be a member that is cut: it is an error, not something else.
	if !bytes.HasPrefix(gzipMagic, head) {
		return errTrailing
	}
	if err := g.member.Reset(g.in); err != nil {
		// Reset has found half a header: to the caller io.EOF would be the end of the list.
		if err == io.EOF {
			return io.ErrUnexpectedEOF
		}
		return err
	}
	g.member.Multistream(false)
	return nil
}
