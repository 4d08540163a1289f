# The page's function for jwt: a token a line, `yes` or `no`.
require_relative "verify"

$stdout.sync = true
$stdin.each_line(chomp: true) do |line|
  puts "yes #{verify(line)["sub"]}"
rescue JWT::DecodeError => error
  puts "no #{error.message}"
end
