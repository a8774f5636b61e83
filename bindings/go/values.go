package configdrive

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/tetratelabs/wazero/api"
)

// Values in the component's memory, as the canonical ABI of the component model lays them out. abi.go calls these functions.

// Writes arguments. After the first error, it writes nothing more.
type writer struct {
	ctx     context.Context
	memory  api.Memory
	realloc api.Function
	// What is wrong with an argument.
	refused *Error
	// Why the component has no memory for it.
	err error
}

// The component does not check its arguments again, so an invalid one must not reach it.
func (w *writer) invalid(place, message string) {
	if w.refused != nil {
		return
	}
	code := ErrorCodeInvalidOption
	switch place {
	case "document":
		code = ErrorCodeInvalidDocument
	case "drive":
		code = ErrorCodeInvalidDrive
	}
	w.refused = &Error{Code: code, Message: place + ": " + message}
}

func (w *writer) failed() bool { return w.refused != nil || w.err != nil }

// Returns the address of new memory. The component frees it, so the size must be exact.
func (w *writer) allocate(size uint64, align uint32) uint32 {
	if w.failed() {
		return 0
	}
	if size == 0 {
		return align // what the component uses for nothing
	}
	if size > 1<<31 {
		w.err = errors.New("an argument is too large")
		return 0
	}
	stack := [4]uint64{0, 0, uint64(align), size}
	if err := w.realloc.CallWithStack(w.ctx, stack[:]); err != nil {
		w.err = err
		return 0
	}
	return uint32(stack[0])
}

func (w *writer) put(at uint32, value []byte) {
	if !w.failed() && !w.memory.Write(at, value) {
		w.err = errors.New("an address is outside the memory")
	}
}

func (w *writer) bool(at uint32, value bool) {
	if value {
		w.put(at, []byte{1})
	} else {
		w.put(at, []byte{0})
	}
}

func (w *writer) u32(at uint32, value uint32) {
	w.put(at, binary.LittleEndian.AppendUint32(nil, value))
}

func (w *writer) u64(at uint32, value uint64) {
	w.put(at, binary.LittleEndian.AppendUint64(nil, value))
}

func (w *writer) enum(at uint32, place string, names []string, value uint8) {
	if int(value) >= len(names) {
		w.invalid(place, fmt.Sprintf("expected one of %q", names))
		return
	}
	w.put(at, []byte{value})
}

func (w *writer) string(at uint32, place, value string) {
	flat := w.flatString(place, value)
	w.u32(at, uint32(flat[0]))
	w.u32(at+4, uint32(flat[1]))
}

func (w *writer) flatString(place, value string) []uint64 {
	if !utf8.ValidString(value) {
		w.invalid(place, fmt.Sprintf("expected UTF-8, found an invalid byte at offset %d", invalidByte(value)))
	}
	at := w.allocate(uint64(len(value)), 1)
	if !w.failed() && value != "" && !w.memory.WriteString(at, value) {
		w.err = errors.New("an address is outside the memory")
	}
	return []uint64{uint64(at), uint64(len(value))}
}

func (w *writer) flatBytes(value []byte) []uint64 {
	at := w.allocate(uint64(len(value)), 1)
	if len(value) > 0 {
		w.put(at, value)
	}
	return []uint64{uint64(at), uint64(len(value))}
}

func (w *writer) flatBool(value bool) []uint64 {
	if value {
		return []uint64{1}
	}
	return []uint64{0}
}

func writeOption[T any](w *writer, at, payload uint32, value *T, write func(at uint32, value T)) {
	w.bool(at, value != nil)
	if value != nil {
		write(payload, *value)
	}
}

func writeList[T any](w *writer, at, size, align uint32, values []T, write func(at uint32, value T)) {
	list := w.allocate(uint64(len(values))*uint64(size), align)
	w.u32(at, list)
	w.u32(at+4, uint32(len(values)))
	for index, value := range values {
		write(list+uint32(index)*size, value)
	}
}

// Returns nil for a list that is absent.
func present[T any](values []T) *[]T {
	if values == nil {
		return nil
	}
	return &values
}

func invalidByte(text string) int {
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		if r == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
	return len(text)
}

// Reads results. The component is not trusted: after the first wrong address, length or value, everything is a zero value.
type reader struct {
	memory api.Memory
	// What may still be read. A correct component refers to each byte of its memory at most once; one that refers to a large string
	// many times could exhaust ours.
	left uint64
	err  error
}

func newReader(memory api.Memory) *reader {
	return &reader{memory: memory, left: uint64(memory.Size())}
}

// Returns a part of the memory.
func (r *reader) view(at uint32, length uint64) []byte {
	if r.err == nil {
		if view, ok := r.memory.Read(at, uint32(min(length, 1<<32-1))); ok {
			return view
		}
		r.err = errors.New("an address is outside the memory")
	}
	return nil
}

// Returns the address and the length of a list whose elements have this size.
func (r *reader) list(at uint32, size uint64) (uint32, uint32) {
	list, length := r.u32(at), r.u32(at+4)
	if bytes := uint64(length) * size; bytes <= r.left {
		r.left -= bytes
		return list, length
	}
	r.err = errors.New("the result is larger than the memory")
	return 0, 0
}

func (r *reader) u8(at uint32) uint8 {
	if view := r.view(at, 1); view != nil {
		return view[0]
	}
	return 0
}

func (r *reader) bool(at uint32) bool { return r.u8(at) != 0 }

func (r *reader) u32(at uint32) uint32 {
	if view := r.view(at, 4); view != nil {
		return binary.LittleEndian.Uint32(view)
	}
	return 0
}

func (r *reader) u64(at uint32) uint64 {
	if view := r.view(at, 8); view != nil {
		return binary.LittleEndian.Uint64(view)
	}
	return 0
}

func (r *reader) enum(at uint32, names []string) uint8 {
	value := r.u8(at)
	if int(value) < len(names) {
		return value
	}
	r.err = errors.New("a value is invalid")
	return 0
}

func (r *reader) string(at uint32) string {
	list, length := r.list(at, 1)
	text := string(r.view(list, uint64(length)))
	if !utf8.ValidString(text) {
		r.err = errors.New("a string is not UTF-8")
		return ""
	}
	return text
}

func (r *reader) bytes(at uint32) []byte {
	list, length := r.list(at, 1)
	return append([]byte{}, r.view(list, uint64(length))...)
}

func readOption[T any](r *reader, at, payload uint32, read func(*reader, uint32) T) *T {
	if !r.bool(at) {
		return nil
	}
	value := read(r, payload)
	return &value
}

func readList[T any](r *reader, at, size uint32, read func(*reader, uint32) T) []T {
	list, length := r.list(at, uint64(size))
	values := make([]T, 0, length)
	for index := range length {
		if r.err != nil {
			return nil
		}
		values = append(values, read(r, list+index*size))
	}
	return values
}

func nameOf(names []string, value uint8) string {
	if int(value) < len(names) {
		return names[value]
	}
	return fmt.Sprintf("invalid (%d)", value)
}
