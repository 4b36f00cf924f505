import { PeopleSqlError } from './error.js';

/**
 * The settings of ClickHouse that a request may give with its query. Each is fixed for the session of that one query.
 * What is not named here is refused: a setting may open files (`output_format_schema`), lift a limit or change what the
 * gate has judged.
 */

/** Yes or no: how values are written, or how a few words of SQL are meant. */
const SWITCHES = new Set([
  'aggregate_functions_null_for_empty',
  'cast_keep_nullable',
  'cast_string_to_dynamic_use_inference',
  'extremes',
  'final',
  'group_by_use_nulls',
  'join_use_nulls',
  'output_format_arrow_date_as_uint16',
  'output_format_arrow_fixed_string_as_fixed_byte_array',
  'output_format_arrow_low_cardinality_as_dictionary',
  'output_format_arrow_string_as_string',
  'output_format_arrow_unsupported_types_as_binary',
  'output_format_arrow_use_64_bit_indexes_for_dictionary',
  'output_format_arrow_use_signed_indexes_for_dictionary',
  'output_format_arrow_uuid_as_fixed_byte_array',
  'output_format_binary_encode_types_in_binary_format',
  'output_format_binary_write_json_as_string',
  'output_format_bson_string_as_string',
  'output_format_csv_crlf_end_of_line',
  'output_format_csv_serialize_tuple_into_separate_columns',
  'output_format_decimal_trailing_zeros',
  'output_format_json_array_of_rows',
  'output_format_json_escape_forward_slashes',
  'output_format_json_map_as_array_of_tuples',
  'output_format_json_named_tuples_as_objects',
  'output_format_json_pretty_print',
  'output_format_json_quote_64bit_floats',
  'output_format_json_quote_64bit_integers',
  'output_format_json_quote_decimals',
  'output_format_json_quote_denormals',
  'output_format_json_skip_null_value_in_named_tuples',
  'output_format_json_validate_utf8',
  'output_format_markdown_escape_special_characters',
  'output_format_native_encode_types_in_binary_format',
  'output_format_native_use_flattened_dynamic_and_json_serialization',
  'output_format_native_write_json_as_string',
  'output_format_parquet_compliant_nested_types',
  'output_format_parquet_date_as_uint16',
  'output_format_parquet_datetime_as_uint32',
  'output_format_parquet_enum_as_byte_array',
  'output_format_parquet_fixed_string_as_fixed_byte_array',
  'output_format_parquet_string_as_string',
  'output_format_pretty_highlight_digit_groups',
  'output_format_pretty_highlight_trailing_spaces',
  'output_format_pretty_multiline_fields',
  'output_format_pretty_named_tuples_as_json',
  'output_format_pretty_row_numbers',
  'output_format_trim_fixed_string',
  'output_format_tsv_crlf_end_of_line',
  'output_format_values_escape_quote_with_quote',
  'output_format_write_statistics',
  'prefer_column_name_to_alias',
  'transform_null_in',
]);

/** Whole numbers up to a bound. */
const NUMBERS: Readonly<Record<string, number>> = {
  limit: Number.MAX_SAFE_INTEGER,
  offset: Number.MAX_SAFE_INTEGER,
  output_format_float_precision: 20,
  output_format_pretty_color: 1,
  output_format_pretty_display_footer_column_names: 1,
  output_format_pretty_display_footer_column_names_min_rows: 1_000_000,
  output_format_pretty_max_column_pad_width: 100_000,
  output_format_pretty_max_rows: 1_000_000,
  output_format_pretty_max_value_width: 1_000_000,
  output_format_pretty_max_value_width_apply_for_single_value: 1,
  output_format_pretty_single_large_number_tip_threshold: Number.MAX_SAFE_INTEGER,
};

/** One of these words. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  date_time_input_format: ['basic', 'best_effort', 'best_effort_us'],
  date_time_output_format: ['simple', 'iso', 'unix_timestamp'],
  format_csv_delimiter: [',', ';', '|', '\t', ' ', ':'],
  output_format_arrow_compression_method: ['none', 'lz4_frame', 'zstd'],
  output_format_msgpack_uuid_representation: ['bin', 'str', 'ext'],
  output_format_parquet_compression_method: ['none', 'snappy', 'lz4', 'brotli', 'zstd', 'gzip'],
  output_format_pretty_grid_charset: ['UTF-8', 'ASCII'],
  result_overflow_mode: ['throw', 'break'],
  read_overflow_mode: ['throw', 'break'],
  union_default_mode: ['DISTINCT', 'ALL'],
};

/** Bounds of the engine that a request may lower, or set where we have none; 0 stands for none, so it leaves ours. */
const LOWERED = new Set([
  'max_block_size',
  'max_bytes_in_join',
  'max_bytes_in_set',
  'max_bytes_to_read',
  'max_execution_time',
  'max_memory_usage',
  'max_result_bytes',
  'max_result_rows',
  'max_rows_in_join',
  'max_rows_in_set',
  'max_rows_to_group_by',
  'max_rows_to_read',
  'max_threads',
]);

/** Names of all settings that a request may give. */
export const OPEN_SETTINGS: ReadonlySet<string> = new Set([
  ...SWITCHES,
  ...Object.keys(NUMBERS),
  ...Object.keys(WORDS),
  ...LOWERED,
  'session_timezone',
]);

/**
 * @param fixed what holds without a request's own
 * @param asked as the request has them
 * @returns the settings of the session
 * @throws PeopleSqlError that names the setting
 */
export function withAskedSettings(
  fixed: Readonly<Record<string, number>>,
  asked: Readonly<Record<string, string>>,
): Record<string, string | number> {
  const settings: Record<string, string | number> = { ...fixed };
  for (const [name, value] of Object.entries(asked)) {
    if (LOWERED.has(name)) settings[name] = lower(name, value, fixed[name]);
    else settings[name] = shaped(name, value);
  }
  return settings;
}

function lower(name: string, value: string, ours: number | undefined): number {
  if (!/^\d{1,15}(?:\.\d{1,6})?$/.test(value)) throw wrong(name, value, 'a number');
  const wanted = Number(value);
  if (ours === undefined) return wanted;
  return wanted === 0 ? ours : Math.min(wanted, ours);
}

function shaped(name: string, value: string): string | number {
  if (SWITCHES.has(name)) {
    const on = /^(?:1|true)$/i.test(value);
    if (!on && !/^(?:0|false)$/i.test(value)) throw wrong(name, value, '0 or 1');
    return on ? 1 : 0;
  }
  const largest = Object.hasOwn(NUMBERS, name) ? NUMBERS[name] : undefined;
  if (largest !== undefined) {
    if (!/^\d{1,19}$/.test(value) || Number(value) > largest)
      throw wrong(name, value, `a whole number up to ${largest}`);
    return Number(value);
  }
  const words = Object.hasOwn(WORDS, name) ? WORDS[name] : undefined;
  if (words !== undefined) {
    if (!words.includes(value)) throw wrong(name, value, `one of ${words.join(', ')}`);
    return value;
  }
  if (name === 'session_timezone') {
    if (!isTimeZone(value)) throw wrong(name, value, 'a time zone such as Europe/Paris');
    return value;
  }
  throw new PeopleSqlError(
    'setting-unknown',
    `setting ${name.slice(0, 100)} is not taken here: settings that shape the output are, and limits that are lower than ours`,
  );
}

function isTimeZone(name: string): boolean {
  if (!/^[\w+/-]{1,64}$/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function wrong(name: string, value: string, expected: string): PeopleSqlError {
  return new PeopleSqlError(
    'setting-wrong',
    `setting ${name} must be ${expected}, got ${value.slice(0, 60)}`,
  );
}
