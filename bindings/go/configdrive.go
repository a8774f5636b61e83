// Package configdrive builds, checks and reads OpenStack config drives. It runs the component configdrive, which is embedded in the
// package, under wazero, without cgo and without a subprocess.
//
// A document is a JSON or YAML string: the instance document, or the data that openstacksdk accepts. [Component.Pack] makes the text that
// Ironic accepts; gophercloud's nodes.ProvisionStateOpts accepts it unchanged as ConfigDrive.
//
// Equal arguments give equal drives, except that a document without a random seed gets a new one, as in Nova, unless
// [Options.RandomSeed] or [Options.DefaultRandomSeed] is set.
//
// The component parses tenants' data in a sandbox without files, clock, network or environment. Each call gets a fresh instance with
// limits on memory and time, so that a call cannot see the data of another one.
package configdrive

import (
	"context"
	_ "embed" // for the core module
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// The component's core module, with checks by which calls can be stopped. configdrive-generate makes it from the component.
//
//go:embed configdrive.core.wasm
var core []byte

// Config is how calls run. The zero value is a good choice.
type Config struct {
	// Directory in which wazero keeps the compiled component, so that the next process starts in a fraction of the time. Its
	// contents are executed, so only the process's user may be able to write to it. Empty: each process compiles, which takes
	// half a second or more.
	CacheDir string
	// Limit of a call's memory in bytes. 0: 1 GiB. The largest drive needs about 250 MiB; pages that a call does not need cost
	// nothing.
	MemoryLimit uint64
	// Limit of a call's running time. 0: a minute. Negative: none but the context's.
	TimeLimit time.Duration
	// Interpret the component even where wazero can compile it, as on systems that forbid new executable memory. Calls take more
	// than a hundred times as long.
	Interpreter bool
}

const (
	defaultMemoryLimit = 1 << 30
	defaultTimeLimit   = time.Minute
)

// Component is the compiled component. Any number of goroutines can call it at once; create one per process and keep it.
type Component struct {
	runtime     wazero.Runtime
	cache       wazero.CompilationCache
	compiled    wazero.CompiledModule
	memoryLimit uint64
	timeLimit   time.Duration
}

// New compiles the component.
func New(ctx context.Context, config Config) (*Component, error) {
	c := &Component{memoryLimit: config.MemoryLimit, timeLimit: config.TimeLimit}
	if c.memoryLimit == 0 {
		c.memoryLimit = defaultMemoryLimit
	}
	if c.timeLimit == 0 {
		c.timeLimit = defaultTimeLimit
	}
	engine := wazero.NewRuntimeConfig() // an interpreter where wazero has no compiler
	if config.Interpreter {
		engine = wazero.NewRuntimeConfigInterpreter()
	}
	if config.CacheDir != "" {
		cache, err := wazero.NewCompilationCacheWithDir(config.CacheDir)
		if err != nil {
			return nil, fmt.Errorf("cannot use the cache %s: %w", config.CacheDir, err)
		}
		c.cache = cache
		engine = engine.WithCompilationCache(cache)
	}
	c.runtime = wazero.NewRuntimeWithConfig(ctx, engine)
	if err := c.compile(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot load the component: %w", err), c.Close(ctx))
	}
	return c, nil
}

func (c *Component) compile(ctx context.Context) (err error) {
	host := c.runtime.NewHostModuleBuilder("configdrive").NewFunctionBuilder().
		WithGoFunction(api.GoFunc(check), nil, []api.ValueType{api.ValueTypeI32}).Export("check")
	if _, err := host.Instantiate(ctx); err != nil {
		return err
	}
	if c.compiled, err = c.runtime.CompileModule(ctx, core); err != nil {
		return err
	}
	if needed := uint64(c.compiled.ExportedMemories()["memory"].Min()) << 16; c.memoryLimit < needed {
		return fmt.Errorf("a memory limit of %d bytes is too low: it needs %d before a call starts", c.memoryLimit, needed)
	}
	return nil
}

// Close frees the compiled code. No call may be running.
func (c *Component) Close(ctx context.Context) error {
	err := c.runtime.Close(ctx)
	if c.cache != nil {
		err = errors.Join(err, c.cache.Close(ctx))
	}
	return err
}

// Functions and loop iterations until the component calls check again: a fraction of a millisecond. Meanwhile the garbage collector
// has to wait.
const checkInterval = 1 << 14

// The component's only import. Ends the call if its context has ended.
func check(ctx context.Context, stack []uint64) {
	runtime.Gosched()
	if err := ctx.Err(); err != nil {
		panic(err) // wazero turns it into an error
	}
	stack[0] = checkInterval
}

// Calls a function in a fresh instance. If an argument is invalid, or if lift returns an error, the error is an *Error.
func (c *Component) call(ctx context.Context, name string, lower func(*writer) []uint64, lift func(*reader, uint32) *Error) error {
	limited, cancel := ctx, context.CancelFunc(func() {})
	if c.timeLimit > 0 {
		limited, cancel = context.WithTimeout(ctx, c.timeLimit)
	}
	defer cancel()
	memory := newMemory(c.memoryLimit)
	refused, err := c.run(limited, name, memory, lower, lift)
	switch {
	case err == nil && refused == nil:
		return nil
	case err == nil:
		return refused
	case ctx.Err() != nil:
		return fmt.Errorf("%s was stopped: %w", name, ctx.Err())
	case limited.Err() != nil:
		return fmt.Errorf("%s was stopped: %w of %s", name, ErrTimeLimit, c.timeLimit)
	case memory.exhausted:
		return fmt.Errorf("%s was stopped: %w of %d bytes", name, ErrMemoryLimit, c.memoryLimit)
	}
	// What follows the first line are the numbers of functions.
	cause, _, _ := strings.Cut(err.Error(), "\n")
	return fmt.Errorf("%s was stopped: %w: %s", name, ErrFault, cause)
}

func (c *Component) run(
	ctx context.Context, name string, memory *memory, lower func(*writer) []uint64, lift func(*reader, uint32) *Error,
) (*Error, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	allocator := experimental.WithMemoryAllocator(ctx, memory)
	instance, err := c.runtime.InstantiateModule(allocator, c.compiled, wazero.NewModuleConfig().WithName(""))
	if err != nil {
		return nil, err
	}
	defer instance.Close(ctx) //nolint:errcheck // it only frees memory
	w := &writer{ctx: ctx, memory: instance.Memory(), realloc: instance.ExportedFunction("cabi_realloc")}
	arguments := lower(w)
	if w.refused != nil || w.err != nil {
		return w.refused, w.err
	}
	results, err := instance.ExportedFunction(prefix+name).Call(ctx, arguments...)
	if err != nil {
		return nil, err
	}
	r := newReader(instance.Memory())
	refused := lift(r, uint32(results[0]))
	return refused, r.err
}
