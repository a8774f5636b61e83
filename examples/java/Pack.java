import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.List;
import run.endive.runtime.HostFunction;
import run.endive.runtime.ImportValues;
import run.endive.runtime.Instance;
import run.endive.runtime.Memory;
import run.endive.wasm.Parser;
import run.endive.wasm.WasmModule;
import run.endive.wasm.types.FunctionType;
import run.endive.wasm.types.MemoryLimits;
import run.endive.wasm.types.ValType;

/**
 * Packs a document in pure Java: Pack CORE-MODULE DOCUMENT > TEXT.
 *
 * <p>Endive runs core modules, not components. A component without imports is one core module, which configdrive-generate writes; the
 * canonical ABI of the component model says where arguments and results are in its memory.
 */
public class Pack {
    private static final String PREFIX = "ironic:configdrive/drive@0.1.0#";
    private static final int MEMORY = 1 << 30; // bytes
    /** Functions and loop iterations between two calls of check. */
    private static final int CHECK_INTERVAL = 1 << 20;

    // These change with every option that is added: bindings/go/abi.go, which is generated, has the current places.
    /** Size of the arguments of pack, in bytes. */
    private static final int ARGUMENTS = 176;
    /** Offset of the option default-random-seed. */
    private static final int DEFAULT_RANDOM_SEED = 148;

    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 2) {
            System.err.println("usage: Pack CORE-MODULE DOCUMENT");
            System.exit(2);
        }
        WasmModule module = Parser.parse(Path.of(arguments[0]).toFile());
        System.out.print(pack(module, Files.readAllBytes(Path.of(arguments[1]))));
    }

    /** Returns the drive as text for Ironic, with Nova's defaults. Each call gets a fresh instance. */
    static String pack(WasmModule module, byte[] document) {
        Instance instance = instantiate(module);
        byte[] seed = new byte[512];
        new SecureRandom().nextBytes(seed);

        // The arguments are more than 16 values, so they are in memory: the document, and the options, all absent but one.
        int at = allocate(instance, new byte[ARGUMENTS], 8);
        put(instance, at, document);
        instance.memory().writeByte(at + DEFAULT_RANDOM_SEED, (byte) 1);
        put(instance, at + DEFAULT_RANDOM_SEED + 4, Base64.getEncoder().encode(seed));

        int result = (int) instance.export(PREFIX + "pack").apply(at)[0];
        Memory memory = instance.memory();
        if (memory.read(result) == 0) {
            return text(memory, result + 4);
        }
        throw new IllegalArgumentException(text(memory, result + 8)); // after the error's code
    }

    private static Instance instantiate(WasmModule module) {
        HostFunction check = new HostFunction("configdrive", "check", FunctionType.of(List.of(), List.of(ValType.I32)),
            (instance, none) -> {
                if (Thread.currentThread().isInterrupted()) {
                    throw new IllegalStateException("interrupted");
                }
                return new long[] {CHECK_INTERVAL};
            });
        return Instance.builder(module)
            .withImportValues(ImportValues.builder().addFunction(check).build())
            .withMemoryLimits(new MemoryLimits(module.memorySection().orElseThrow().getMemory(0).limits().initialPages(), MEMORY >> 16))
            .build();
    }

    /** Writes bytes to new memory, and their address and length to {@code at}. */
    private static void put(Instance instance, int at, byte[] bytes) {
        int address = allocate(instance, bytes, 1);
        instance.memory().writeI32(at, address);
        instance.memory().writeI32(at + 4, bytes.length);
    }

    private static int allocate(Instance instance, byte[] bytes, int align) {
        int address = (int) instance.export("cabi_realloc").apply(0, 0, align, bytes.length)[0];
        instance.memory().write(address, bytes);
        return address;
    }

    private static String text(Memory memory, int at) {
        byte[] bytes = memory.readBytes((int) memory.readInt(at), (int) memory.readInt(at + 4));
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
