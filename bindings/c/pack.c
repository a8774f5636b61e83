/* Config drives in C: calls the component through wasmtime's C API, each time in a fresh store with limits.
 *
 *     pack COMPONENT < CASES
 *
 * A case is five fields, each followed by a NUL: the document's path, nova.conf's force_config_drive (0 or 1), dhcp_domain,
 * config_drive_skip_versions and vendordata_providers. The last three are `-` if unset, or else `=` followed by the value.
 * For each case, the program prints one line with the results of required-by and of pack, separated by a tab. A result is
 * `ok VALUE` or `err CODE POINTER MESSAGE`, with `-` if there is no pointer. */

#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasmtime.h>
#include <wasmtime/component.h>

static const int64_t MEMORY = 1 << 30;          /* bytes */
static const uint64_t FUEL = 100000000000;      /* instructions, roughly; about 9,000,000,000 run per second */
static const char INTERFACE[] = "ironic:configdrive/drive@0.1.0";

typedef wasmtime_component_val_t val;

/* ── the component ── */

struct drive {
  wasm_engine_t *engine;
  wasmtime_component_t *component;
  wasmtime_component_linker_t *linker;
  wasmtime_component_export_index_t *interface;
};

static void fail(const char *message) {
  fprintf(stderr, "error: %s\n", message);
  exit(1);
}

static void check(wasmtime_error_t *error) {
  if (error == NULL) return;
  wasm_name_t message;
  wasmtime_error_message(error, &message);
  fprintf(stderr, "error: %.*s\n", (int)message.size, message.data);
  exit(1);
}

static char *read_file(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    fprintf(stderr, "error: cannot read %s\n", path);
    exit(1);
  }
  char *bytes = NULL;
  *size = 0;
  for (size_t chunk = 1 << 20, got = 1; got > 0; *size += got, chunk *= 2) {
    bytes = realloc(bytes, *size + chunk);
    if (bytes == NULL) fail("out of memory");
    got = fread(bytes + *size, 1, chunk, file);
  }
  fclose(file);
  return bytes;
}

static struct drive load(const char *path) {
  struct drive drive;
  wasm_config_t *config = wasm_config_new();
  wasmtime_config_consume_fuel_set(config, true);
  drive.engine = wasm_engine_new_with_config(config);
  size_t size;
  char *bytes = read_file(path, &size);
  check(wasmtime_component_new(drive.engine, (uint8_t *)bytes, size, &drive.component));
  free(bytes);
  /* The component imports nothing, so there is nothing to link. */
  drive.linker = wasmtime_component_linker_new(drive.engine);
  drive.interface = wasmtime_component_get_export_index(drive.component, NULL, INTERFACE, strlen(INTERFACE));
  if (drive.interface == NULL) fail("not the config drive component: it does not export ironic:configdrive/drive@0.1.0");
  return drive;
}

static void unload(struct drive *drive) {
  wasmtime_component_export_index_delete(drive->interface);
  wasmtime_component_linker_delete(drive->linker);
  wasmtime_component_delete(drive->component);
  wasm_engine_delete(drive->engine);
}

/* Calls a function with two arguments, and frees them. The caller frees the result. */
static val call(const struct drive *drive, const char *name, val arguments[2]) {
  wasmtime_store_t *store = wasmtime_store_new(drive->engine, NULL, NULL);
  wasmtime_store_limiter(store, MEMORY, -1, -1, -1, -1);
  wasmtime_context_t *context = wasmtime_store_context(store);
  check(wasmtime_context_set_fuel(context, FUEL));
  wasmtime_component_instance_t instance;
  check(wasmtime_component_linker_instantiate(drive->linker, context, drive->component, &instance));
  wasmtime_component_export_index_t *index =
      wasmtime_component_instance_get_export_index(&instance, context, drive->interface, name, strlen(name));
  wasmtime_component_func_t function;
  if (index == NULL || !wasmtime_component_instance_get_func(&instance, context, index, &function)) {
    fprintf(stderr, "error: the component does not export %s\n", name);
    exit(1);
  }
  val result = {.kind = WASMTIME_COMPONENT_BOOL}; /* must be initialised: wasmtime frees the old value */
  check(wasmtime_component_func_call(&function, context, arguments, 2, &result, 1));
  wasmtime_component_export_index_delete(index);
  wasmtime_component_val_delete(&arguments[0]);
  wasmtime_component_val_delete(&arguments[1]);
  wasmtime_store_delete(store);
  return result;
}

/* ── values ── */

static wasm_name_t name_of(const char *text, size_t size) {
  wasm_name_t name;
  wasm_byte_vec_new(&name, size, text);
  return name;
}

static val string(const char *text, size_t size) {
  return (val){.kind = WASMTIME_COMPONENT_STRING, .of.string = name_of(text, size)};
}

static val enumeration(const char *name) {
  return (val){.kind = WASMTIME_COMPONENT_ENUM, .of.enumeration = name_of(name, strlen(name))};
}

static val none(void) { return (val){.kind = WASMTIME_COMPONENT_OPTION, .of.option = NULL}; }

static val some(val value) {
  return (val){.kind = WASMTIME_COMPONENT_OPTION, .of.option = wasmtime_component_val_new(&value)};
}

/* Makes a record. The members must be in the interface's order. */
static val record(size_t size, const char *const names[], const val values[]) {
  val result = {.kind = WASMTIME_COMPONENT_RECORD};
  wasmtime_component_valrecord_new_uninit(&result.of.record, size);
  for (size_t i = 0; i < size; i++)
    result.of.record.data[i] = (wasmtime_component_valrecord_entry_t){name_of(names[i], strlen(names[i])), values[i]};
  return result;
}

static val optional(const char *field) { return field[0] == '=' ? some(string(field + 1, strlen(field + 1))) : none(); }

static val providers(char *field) {
  if (field[0] != '=') return none();
  val found[8], list = {.kind = WASMTIME_COMPONENT_LIST};
  size_t size = 0;
  for (char *name = strtok(field + 1, ","); name != NULL && size < 8; name = strtok(NULL, ",")) found[size++] = enumeration(name);
  wasmtime_component_vallist_new(&list.of.list, size, found);
  return some(list);
}

static val policy(const char *force_config_drive) {
  static const char *const names[] = {"force-config-drive"};
  val force = {.kind = WASMTIME_COMPONENT_BOOL, .of.boolean = strcmp(force_config_drive, "1") == 0};
  return record(1, names, &force);
}

static val options(const char *dhcp_domain, const char *skip_versions, char *vendordata_providers) {
  static const char *const names[] = {
      "format", "size", "sector-size", "skip-versions", "newest-version", "dhcp-domain", "vendordata-providers", "ports",
      "portgroups", "vendor-data", "vendor-data2", "random-seed", "default-random-seed", "source-date-epoch"};
  const val values[] = {
      enumeration("iso9660"), none(), none(), optional(skip_versions), none(), optional(dhcp_domain),
      providers(vendordata_providers), none(), none(), none(), none(), none(),
      /* For tests only. Give a real instance 512 random bytes from the operating system. */
      some(string("AAAA", 4)), none()};
  return record(sizeof names / sizeof *names, names, values);
}

/* ── results ── */

static void print_name(const wasm_name_t *name) { fwrite(name->data, 1, name->size, stdout); }

static void print(const val *result) {
  const val *value = result->of.result.val;
  if (result->of.result.is_ok) {
    fputs("ok ", stdout);
    if (value->kind == WASMTIME_COMPONENT_BOOL) fputs(value->of.boolean ? "true" : "false", stdout);
    else print_name(&value->of.string);
    return;
  }
  const wasmtime_component_valrecord_entry_t *members = value->of.record.data; /* code, message, pointer */
  const val *pointer = members[2].val.of.option;
  fputs("err ", stdout);
  print_name(&members[0].val.of.enumeration);
  putchar(' ');
  if (pointer == NULL) putchar('-');
  else print_name(&pointer->of.string);
  putchar(' ');
  print_name(&members[1].val.of.string);
}

static bool next_case(char *fields[5], size_t capacities[5]) {
  for (int i = 0; i < 5; i++)
    if (getdelim(&fields[i], &capacities[i], '\0', stdin) < 0) return false;
  return true;
}

int main(int count, char *arguments[]) {
  if (count != 2) fail("usage: pack COMPONENT < CASES");
  struct drive drive = load(arguments[1]);
  char *fields[5] = {NULL};
  size_t capacities[5] = {0};
  while (next_case(fields, capacities)) {
    size_t size;
    char *document = read_file(fields[0], &size);
    val required = call(&drive, "required-by", (val[]){string(document, size), policy(fields[1])});
    print(&required);
    putchar('\t');
    val text = call(&drive, "pack", (val[]){string(document, size), options(fields[2], fields[3], fields[4])});
    print(&text);
    putchar('\n');
    wasmtime_component_val_delete(&required);
    wasmtime_component_val_delete(&text);
    free(document);
  }
  for (int i = 0; i < 5; i++) free(fields[i]);
  unload(&drive);
  return 0;
}
