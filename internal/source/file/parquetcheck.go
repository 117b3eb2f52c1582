package file

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"

	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/klauspost/compress/zstd"
)

// What a Parquet file says of itself is checked before the library allocates by it.
const (
	maxFooter  = 32 << 20
	maxStructs = 1 << 20 // in a footer
	maxNodes   = 100_000 // columns and groups

	maxDictionary = 8 << 20 // values of a dictionary
	footerEnd     = 8       // the footer's length and the magic bytes
)

var parquetMagic = []byte("PAR1")

var (
	errFooter = errors.New("its footer is damaged, or the file is cut off")
	errChunk  = errors.New("a column lies outside the file")
	errPage   = errors.New("a page is not as long as it says")
)

// checkFooter checks that the footer lies within the file and its lists within it.
func checkFooter(src *source) error {
	var end [footerEnd]byte
	size := src.Size()
	if size < int64(len(parquetMagic)+footerEnd) {
		return errFooter
	}
	if _, err := src.ReadAt(end[:], size-footerEnd); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	n := int64(binary.LittleEndian.Uint32(end[:]))
	switch {
	case string(end[4:]) == "PARE":
		return errors.New("it is encrypted")
	case string(end[4:]) != string(parquetMagic) || n > size-footerEnd-int64(len(parquetMagic)):
		return errFooter
	case n > maxFooter:
		return errors.New("its footer is larger than 32 MiB")
	}
	c := &compact{r: bufio.NewReader(io.NewSectionReader(src, size-footerEnd-n, n)), left: n, structs: maxStructs}
	err := c.fields(0, func(id int64, kind byte) error {
		if id != 2 || kind != compactList {
			return c.skip(kind, 0)
		}
		return c.schema()
	})
	if err != nil {
		return errFooter
	}
	return nil
}

// checkChunk checks that a column of a row group lies within the file, and goes over
// its pages.
func checkChunk(src *source, chunk *metadata.ColumnChunkMetaData) error {
	at, n := chunk.DataPageOffset(), chunk.TotalCompressedSize()
	if d := chunk.DictionaryPageOffset(); chunk.HasDictionaryPage() && d > 0 && d < at {
		at = d
	}
	if at < 0 || n < 0 || at > src.Size() || n > src.Size()-at || chunk.FilePath() != "" {
		return errChunk
	}
	c := &compact{r: bufio.NewReaderSize(io.NewSectionReader(src.blob, at, n), 64<<10), left: n}
	defer c.close()
	values := int64(0)
	for c.left > 0 {
		c.structs = maxStructs
		h, err := c.page()
		if err != nil {
			return errPage
		}
		switch {
		case h.packed < 0 || h.unpacked < 0 || h.packed > c.left || h.values < 0:
			return errPage
		case h.packed > maxPage || h.unpacked > maxPage:
			return errBomb
		case h.kind == pageDictionary && h.values > max(1, min(h.unpacked, maxDictionary)):
			return errPage
		}
		if h.kind == pageData || h.kind == pageDataSecond {
			values += h.values
		}
		if err := c.unpacks(h, chunk.Compression()); err != nil {
			return err
		}
	}
	if values != chunk.NumValues() {
		return errors.New("a column has another number of values than it says")
	}
	return nil
}

// unpacks passes a page, and checks that it does not unpack to more than it says where
// the library would follow it there.
func (c *compact) unpacks(h pageHeader, codec compress.Compression) error {
	body := io.LimitReader(c.r, h.packed)
	c.left -= h.packed
	if h.levels > min(h.packed, h.unpacked) {
		return errPage
	}
	if _, err := io.CopyN(io.Discard, body, h.levels); err != nil {
		return errPage
	}
	room := h.unpacked - h.levels
	switch {
	case h.plain:
	case codec == compress.Codecs.Snappy:
		head := make([]byte, binary.MaxVarintLen64)
		n, err := io.ReadFull(body, head)
		if size, m := binary.Uvarint(head[:n]); m > 0 && size > uint64(room) || errors.Is(err, io.EOF) && room > 0 {
			return errPage
		}
	case codec == compress.Codecs.Zstd:
		if n, err := c.unzstd(body, room); err != nil || n > room {
			return errPage
		}
	}
	_, err := io.Copy(io.Discard, body)
	return err
}

// unzstd counts what a page unpacks to, up to one more than limit.
func (c *compact) unzstd(body io.Reader, limit int64) (n int64, err error) {
	if c.zstd == nil {
		c.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxZstdWindow))
		if err != nil {
			return 0, err
		}
	}
	if err := c.zstd.Reset(body); err != nil {
		return 0, err
	}
	return io.Copy(io.Discard, io.LimitReader(c.zstd, limit+1))
}
