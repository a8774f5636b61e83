package configdrive

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"
)

const small = `{"files": [{"path": "openstack/latest/meta_data.json", "contents": "e30="}]}`

// Tests share one component, since compiling takes long.
var shared = sync.OnceValues(func() (*Component, error) { return New(context.Background(), Config{}) })

func component(t testing.TB) *Component {
	t.Helper()
	component, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return component
}

func TestOptionsReachTheDrive(t *testing.T) {
	text, err := component(t).Pack(t.Context(), small, Options{
		Format: ImageFormatVFAT, SectorSize: Some[uint32](4096), Size: Some[uint64](16 << 20), SourceDateEpoch: Some[uint64](1 << 30),
	})
	if err != nil {
		t.Fatal(err)
	}
	found, err := component(t).Inspect(t.Context(), DriveSourceText(text))
	if err != nil || !strings.HasPrefix(found.FileSystem.String(), "fat") || found.SectorSize != 4096 || found.ImageSize != 16<<20 {
		t.Errorf("found %v: %v", found, err)
	}
}

func TestADocumentWithoutASeedGetsANewOneEachTime(t *testing.T) {
	document := `{"instance": {"uuid": "u", "hostname": "h", "ec2_ids": {"instance_id": "i"}}, "network_data": {}}`
	pack := func(options Options) string {
		text, err := component(t).Pack(t.Context(), document, options)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	if first, second := pack(Options{}), pack(Options{}); first == second {
		t.Error("expected different seeds")
	}
	given := Options{DefaultRandomSeed: Some("c2VlZA==")}
	if first, second := pack(given), pack(given); first != second {
		t.Error("expected equal drives for equal arguments")
	}
}

func TestADocumentCanBeYAML(t *testing.T) {
	yaml := "files:\n- path: openstack/latest/meta_data.json\n  contents: e30=\n"
	found, err := component(t).Pack(t.Context(), yaml, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if expected, err := component(t).Pack(t.Context(), small, Options{}); err != nil || found != expected {
		t.Errorf("expected the drive of the same document in JSON: %v", err)
	}
	_, err = component(t).Pack(t.Context(), "meta_data:\n  enabled: yes\n", Options{})
	var refused *Error
	if !errors.As(err, &refused) || refused.Code != ErrorCodeInvalidDocument || *refused.Pointer != "/meta_data/enabled" {
		t.Errorf("found %v", err)
	}
}

func TestARefusalHasItsCodeAndPlace(t *testing.T) {
	_, err := component(t).Pack(t.Context(), `{"instance": {"uuid": 1}, "network_data": {}}`, Options{})
	var refused *Error
	if !errors.As(err, &refused) || refused.Code != ErrorCodeInvalidDocument || *refused.Pointer != "/instance/uuid" {
		t.Errorf("found %v", err)
	}
	_, err = component(t).Pack(t.Context(), small, Options{Size: Some[uint64](1 << 20)})
	if !errors.As(err, &refused) || refused.Code != ErrorCodeInvalidOption || refused.Pointer != nil {
		t.Errorf("found %v", err)
	}
}

// The component would not check these again.
func TestInvalidArgumentsDoNotReachTheComponent(t *testing.T) {
	ctx := t.Context()
	for name, test := range map[string]struct {
		call func() error
		code ErrorCode
	}{
		"document": {func() error { _, err := component(t).RequiredBy(ctx, "{\xff}", Policy{}); return err }, ErrorCodeInvalidDocument},
		"dhcp-domain": {func() error {
			_, err := component(t).Pack(ctx, small, Options{DHCPDomain: Some("a\xc0")})
			return err
		}, ErrorCodeInvalidOption},
		"format": {func() error { _, err := component(t).Pack(ctx, small, Options{Format: 7}); return err }, ErrorCodeInvalidOption},
		"vendordata-providers": {func() error {
			_, err := component(t).Pack(ctx, small, Options{VendordataProviders: []VendordataProvider{2}})
			return err
		}, ErrorCodeInvalidOption},
		"drive": {func() error { _, err := component(t).Inspect(ctx, nil); return err }, ErrorCodeInvalidDrive},
		"path": {func() error {
			_, err := component(t).ReadFile(ctx, DriveSourceText("e30="), "\xff")
			return err
		}, ErrorCodeInvalidOption},
	} {
		var refused *Error
		if err := test.call(); !errors.As(err, &refused) || refused.Code != test.code || !strings.HasPrefix(refused.Message, name+": ") {
			t.Errorf("%s: found %v", name, err)
		}
	}
}

func TestDamagedDrivesAreRefused(t *testing.T) {
	image, err := component(t).BuildDrive(t.Context(), small, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, drive := range [][]byte{nil, {}, []byte("no drive"), image[:40<<10], make([]byte, 1<<20), bytes.Repeat([]byte{0xff}, 70<<20)} {
		var refused *Error
		if _, err := component(t).Inspect(t.Context(), DriveSourceBytes(drive)); !errors.As(err, &refused) {
			t.Errorf("%d bytes: found %v", len(drive), err)
		}
	}
	// Any answer will do, as long as it is one.
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		damaged := bytes.Clone(image)
		for range 1 + random.IntN(8) {
			damaged[random.IntN(len(damaged))] ^= byte(1 + random.IntN(255))
		}
		var refused *Error
		if _, err := component(t).CheckDrive(t.Context(), DriveSourceBytes(damaged)); err != nil && !errors.As(err, &refused) {
			t.Errorf("found %v", err)
		}
	}
}

func TestGoroutinesCallAtOnce(t *testing.T) {
	var group sync.WaitGroup
	for worker := range 16 {
		group.Go(func() {
			for call := range 10 {
				path := fmt.Sprintf("f-%d-%d", worker, call)
				document := fmt.Sprintf(`{"files": [{"path": %q, "contents": %q}]}`, path, base64.StdEncoding.EncodeToString([]byte(path)))
				text, err := component(t).Pack(t.Context(), document, Options{})
				if err != nil {
					t.Error(err)
					return
				}
				content, err := component(t).ReadFile(t.Context(), DriveSourceText(text), path)
				if err != nil || string(content) != path {
					t.Errorf("expected %s, found %q: %v", path, content, err)
				}
			}
		})
	}
	group.Wait()
}

// A context that ends when it was asked a number of times.
type countdown struct {
	context.Context
	left atomic.Int64
}

func (c *countdown) Err() error {
	if c.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

func TestACallEndsWithItsContext(t *testing.T) {
	unlimited := &Component{}
	*unlimited = *component(t)
	unlimited.timeLimit = -1
	document := largeDocument(4 << 20)
	for _, asked := range []int64{0, 1, 5, 50} {
		ctx := &countdown{Context: t.Context()}
		ctx.left.Store(asked)
		if _, err := unlimited.Pack(ctx, document, Options{}); !errors.Is(err, context.Canceled) {
			t.Errorf("after %d checks: found %v", asked, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(time.Millisecond, cancel)
	for { // until it is cancelled
		if _, err := component(t).Pack(ctx, document, Options{}); err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("found %v", err)
			}
			break
		}
	}
	// Others are not affected.
	if _, err := component(t).Pack(t.Context(), small, Options{}); err != nil {
		t.Error(err)
	}
}

func TestACallEndsAtItsLimits(t *testing.T) {
	limited := &Component{}
	*limited = *component(t)
	limited.timeLimit = time.Millisecond
	if _, err := limited.Pack(t.Context(), largeDocument(16<<20), Options{}); !errors.Is(err, ErrTimeLimit) {
		t.Errorf("found %v", err)
	}
	limited.timeLimit, limited.memoryLimit = 0, 8<<20
	for _, size := range []int{4 << 20, 16 << 20} { // the component needs too much memory, and the document alone does
		if _, err := limited.Pack(t.Context(), largeDocument(size), Options{}); !errors.Is(err, ErrMemoryLimit) {
			t.Errorf("found %v", err)
		}
	}
	if _, err := limited.Pack(t.Context(), small, Options{}); err != nil {
		t.Error(err)
	}
	if _, err := New(t.Context(), Config{MemoryLimit: 1 << 16, Interpreter: true}); err == nil || !strings.Contains(err.Error(), "too low") {
		t.Errorf("found %v", err)
	}
}

func TestTheLargestDriveFits(t *testing.T) {
	text, err := component(t).Pack(t.Context(), largeDocument(40<<20), Options{})
	if err != nil {
		t.Fatal(err)
	}
	files, err := component(t).Extract(t.Context(), DriveSourceText(text))
	if err != nil || len(files) != 1 || len(files[0].Content) != 40<<20 {
		t.Errorf("found %d files: %v", len(files), err)
	}
}

func TestTheInterpreterAndTheCacheGiveTheSameDrives(t *testing.T) {
	document := string(read(t, goldenCases+"/full/document.json"))
	options := Options{DefaultRandomSeed: Some("c2VlZA==")}
	expected, err := component(t).Pack(t.Context(), document, options)
	if err != nil {
		t.Fatal(err)
	}
	cache := t.TempDir()
	for _, config := range []Config{{Interpreter: true}, {CacheDir: cache}, {CacheDir: cache}} {
		other, err := New(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := other.Pack(t.Context(), document, options); err != nil || text != expected {
			t.Errorf("%v: expected the same drive: %v", config, err)
		}
		if err := other.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if entries, err := os.ReadDir(cache); err != nil || len(entries) == 0 {
		t.Errorf("expected a cache: %v", err)
	}
	if _, err := New(t.Context(), Config{CacheDir: goldenCases + "/README.md"}); err == nil {
		t.Error("expected an error for a cache that is a file")
	}
}

// Memory of a call must not be seen by the next one.
func TestMemoryIsCleared(t *testing.T) {
	memory := newMemory(1 << 20)
	for _, size := range []uint64{1 << 16, 1 << 17} {
		buffer := memory.Allocate(0, 0).Reallocate(size)
		if bytes.Count(buffer, []byte{0}) != len(buffer) {
			t.Fatal("expected zeros")
		}
		copy(buffer, bytes.Repeat([]byte("secret"), len(buffer)))
		memory.Reallocate(1 << 19)
		before := memory.buffer
		memory.Free()
		if bytes.Count(before, []byte{0}) != len(before) {
			t.Error("expected zeros after the call")
		}
	}
	if memory.Reallocate(1<<20+1) != nil || !memory.exhausted {
		t.Error("expected the limit")
	}
}

// A component that an attacker has taken over must not exhaust the host.
func TestResultsOfAMaliciousComponentAreRefused(t *testing.T) {
	instance, err := component(t).runtime.InstantiateModule(t.Context(), component(t).compiled, wazero.NewModuleConfig().WithName(""))
	if err != nil {
		t.Fatal(err)
	}
	memory := instance.Memory()
	pair := func(at, first, second uint32) {
		memory.Write(at, binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, first), second))
	}
	for name, prepare := range map[string]func(){
		"the same bytes again and again": func() {
			pair(0, 8, 1000)
			for index := range uint32(1000) {
				pair(8+8*index, 0, memory.Size()/2)
			}
		},
		"outside":   func() { pair(0, 8, 1); pair(8, memory.Size()-1, 2) },
		"endless":   func() { pair(0, 8, 1<<32-1) },
		"no UTF-8":  func() { pair(0, 8, 1); pair(8, 16, 1); memory.WriteByte(16, 0xff) },
		"elsewhere": func() { pair(0, 1<<32-4, 1) },
	} {
		prepare()
		r := newReader(memory)
		readList(r, 0, 8, (*reader).string)
		if r.err == nil {
			t.Errorf("%s: expected an error", name)
		}
	}
	memory.WriteByte(0, 200)
	if r := newReader(memory); r.enum(0, severityNames) != 0 || r.err == nil {
		t.Error("expected an error for an enum")
	}
}

func TestNames(t *testing.T) {
	text, err := json.Marshal(Finding{Severity: SeverityWarning, Scope: ScopeFourKDisks})
	if err != nil || !strings.Contains(string(text), `"Severity":"warning"`) || !strings.Contains(string(text), `"four-k-disks"`) {
		t.Errorf("found %s: %v", text, err)
	}
	if name := Severity(9).String(); name != "invalid (9)" {
		t.Errorf("found %s", name)
	}
}

// Returns a document with one file that does not compress.
func largeDocument(size int) string {
	content := make([]byte, size)
	random := rand.NewChaCha8([32]byte{})
	_, _ = random.Read(content)
	return `{"files": [{"path": "large", "contents": "` + base64.StdEncoding.EncodeToString(content) + `"}]}`
}
